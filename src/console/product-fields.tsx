import type { Field, Typed } from './request-form.js'

interface ProductFieldsProps {
  /** Before each id, which has to be unlike those of other products. */
  prefix: string
  fields: Field[]
  typed: Typed
  onType (typed: Typed): void
  /** What is wrong with a property. */
  faultOf (name: string): string | undefined
}

/** Inputs for what may be asked for. */
export function ProductFields ({ prefix, fields, typed, onType, faultOf }: ProductFieldsProps) {
  return (
    <>
      {fields.map(field => {
        const id = `${prefix}-${field.name}`
        const fault = faultOf(field.name)
        return (
          <div class='field' key={id}>
            <label for={id}><Label {...field} /></label>
            <Input id={id} field={field} fault={fault} value={typed[field.name] ?? ''} onValue={value => onType({ ...typed, [field.name]: value })} />
            {fault !== undefined && <p class='fault' id={`${id}-fault`}>{fault}</p>}
            {field.hint !== '' && <p class='hint' id={`${id}-hint`}>{field.hint}</p>}
          </div>
        )
      })}
    </>
  )
}

/** Where people say something else than the API. */
const labels: Record<string, string> = { ttl: 'Lifetime', incoming: 'Incoming calls', outgoing: 'Outgoing calls', params: 'Parameters', push: 'Push notifications' }

function Label ({ name, required }: Field) {
  const label = labels[name]
  return <>{label === undefined ? name.charAt(0).toUpperCase() + name.slice(1) : <>{label} <code>{name}</code></>}{required && <span class='needed'> (needed)</span>}</>
}

interface InputProps {
  id: string
  field: Field
  fault: string | undefined
  value: string
  onValue (value: string): void
}

const words: Record<string, string> = { true: 'yes', false: 'no' }

function Input ({ id, field: { kind, hint, required, choices, placeholder, schema }, fault, value, onValue }: InputProps) {
  const common = {
    id,
    required,
    value,
    'aria-invalid': fault !== undefined,
    'aria-describedby': [...fault === undefined ? [] : [`${id}-fault`], ...hint === '' ? [] : [`${id}-hint`]].join(' ') || undefined,
    onInput: (event: { currentTarget: { value: string } }) => onValue(event.currentTarget.value)
  }
  if (kind === 'choice') {
    return (
      <select {...common}>
        <option value=''>{placeholder || (required ? 'choose one' : 'default')}</option>
        {choices.filter(choice => choice !== placeholder).map(choice => <option key={choice} value={choice}>{schema.type === 'boolean' ? words[choice] : choice}</option>)}
      </select>
    )
  }
  if (kind === 'pairs' || kind === 'json') return <textarea {...common} placeholder={placeholder} rows={2} spellcheck={false} />
  if (kind === 'number') return <input {...common} type='number' placeholder={placeholder} min={schema.minimum} max={schema.maximum} step={schema.type === 'integer' ? 1 : 'any'} />
  // An example looks like the default of a field that may stay empty.
  return <input {...common} placeholder={required && placeholder !== '' ? `for example ${placeholder}` : placeholder} maxLength={schema.maxLength} spellcheck={false} autocomplete='off' autocapitalize='none' />
}

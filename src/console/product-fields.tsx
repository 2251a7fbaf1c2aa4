import type { Field, Typed } from './request-form.js'

interface ProductFieldsProps {
  /** Before each id, which has to be unlike those of other products. */
  prefix: string
  fields: Field[]
  typed: Typed
  onType (typed: Typed): void
}

/** Inputs for what may be asked for. */
export function ProductFields ({ prefix, fields, typed, onType }: ProductFieldsProps) {
  return (
    <>
      {fields.map(field => {
        const id = `${prefix}-${field.name}`
        return (
          <div class='field' key={id}>
            <label for={id}>{field.name}{field.required && ' (needed)'}</label>
            <Input id={id} field={field} value={typed[field.name] ?? ''} onValue={value => onType({ ...typed, [field.name]: value })} />
            {field.hint !== '' && <p class='hint' id={`${id}-hint`}>{field.hint}</p>}
          </div>
        )
      })}
    </>
  )
}

interface InputProps {
  id: string
  field: Field
  value: string
  onValue (value: string): void
}

function Input ({ id, field: { kind, hint, required, choices, schema }, value, onValue }: InputProps) {
  const common = {
    id,
    required,
    value,
    'aria-describedby': hint === '' ? undefined : `${id}-hint`,
    onInput: (event: { currentTarget: { value: string } }) => onValue(event.currentTarget.value)
  }
  if (kind === 'choice') {
    return (
      <select {...common}>
        <option value=''>as allowed</option>
        {choices.map(choice => <option key={choice} value={choice}>{choice}</option>)}
      </select>
    )
  }
  if (kind === 'pairs' || kind === 'json') return <textarea {...common} rows={2} spellcheck={false} />
  if (kind === 'number') return <input {...common} type='number' min={schema.minimum} max={schema.maximum} step={schema.type === 'integer' ? 1 : 'any'} />
  return <input {...common} maxLength={schema.maxLength} spellcheck={false} autocomplete='off' />
}

import type { Offers } from './available-products.js'
import { ProductFields } from './product-fields.js'
import { faultOf, type Fault, type TokenRequest } from './request-form.js'
import type { TokenFormState } from './use-token-form.js'

interface TokenFormProps {
  form: TokenFormState
  offers: Offers
  busy: boolean
  /** What the broker says is wrong with what is filled in. */
  faults: Fault[]
  onSubmit (request: TokenRequest): void
}

/** Picks products, and fills in what may be asked of each. */
export function TokenForm ({ form, offers, busy, faults, onSubmit }: TokenFormProps) {
  const { picked, products, shared, sharedTyped, request } = form
  return (
    <form
      class='card' onSubmit={event => {
        event.preventDefault()
        if (request !== undefined) onSubmit(request)
      }}
    >
      <fieldset class='picks'>
        <legend>Products</legend>
        {offers.products.map(({ name }) => (
          <label key={name}>
            <input type='checkbox' checked={picked.includes(name)} onChange={() => form.pick(name)} />
            <span>{titleOf(name)}{name in notes && <small>{notes[name]}</small>}</span>
          </label>
        ))}
      </fieldset>
      {products.filter(({ fields }) => fields.length > 0).map(({ name, fields, typed }) => (
        <fieldset key={name}>
          <legend>{titleOf(name)}</legend>
          <ProductFields
            prefix={name} fields={fields} typed={typed}
            onType={typed => form.type(name, typed)} faultOf={property => faultOf(faults, name, property)}
          />
        </fieldset>
      ))}
      <fieldset>
        <legend>Token</legend>
        <ProductFields
          prefix='all' fields={shared} typed={sharedTyped}
          onType={typed => form.type('', typed)} faultOf={property => faultOf(faults, '', property)}
        />
      </fieldset>
      {request === undefined && picked.length > 0 && <p class='bad' role='status'>One of the values has to be JSON, and is not.</p>}
      <button type='submit' disabled={busy || request === undefined}>{busy ? 'Getting it…' : products.length > 1 ? 'Get one token for all' : 'Get a token'}</button>
    </form>
  )
}

const notes: Record<string, string> = { chat: 'ended outside Flex' }

function titleOf (name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

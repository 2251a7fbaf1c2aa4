import { useState } from 'preact/hooks'
import { ask, type Refusal } from './api.js'
import { now } from './now.js'
import type { Session } from './session.js'
import { bodyOf, fieldsOf, requestFor, type Typed } from './request-form.js'
import { Problem } from './problem.js'
import { ProductFields } from './product-fields.js'
import type { Given } from './snippets.js'
import { TokenCard, type Answer } from './token-card.js'

interface Got {
  given: Given
  answer: Answer
  /** By the clock of `now.ts`. */
  at: number
}

/** A token for what is picked. */
export function GetToken ({ session: { credentials, offers } }: { session: Session }) {
  const [picked, setPicked] = useState<string[]>(() => offers.products.slice(0, 1).map(({ name }) => name))
  const [typed, setTyped] = useState<Record<string, Typed>>({})
  const [busy, setBusy] = useState(false)
  const [got, setGot] = useState<Got>()
  const [refusal, setRefusal] = useState<Refusal>()

  const shared = fieldsOf(offers.shared)
  const products = offers.products.filter(({ name }) => picked.includes(name))
    .map(({ name, properties, required }) => ({ name, fields: fieldsOf(properties, required), typed: typed[name] ?? {} }))
  const type = (name: string) => (values: Typed) => setTyped({ ...typed, [name]: values })
  const pick = (name: string) => setPicked(picked.includes(name) ? picked.filter(other => other !== name) : [...picked, name])

  async function submit (event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const { path, body } = requestFor(products, bodyOf(shared, typed[''] ?? {}))
    setBusy(true)
    const { answer, refusal } = await ask<Answer>(path, credentials, body)
    setBusy(false)
    setRefusal(refusal)
    setGot(answer && { answer, at: now(), given: { base: new URL('.', location.href).href, path, body, name: credentials.name } })
  }

  if (offers.products.length === 0) {
    return <p class='card'>The policy allows you no product. The operator of this broker can change that; <code>policy explain {credentials.name ?? 'jwt:NAME'} PRODUCT</code> says which rule decides.</p>
  }
  return (
    <div class='columns'>
      <form class='card' onSubmit={submit}>
        <fieldset class='picks'>
          <legend>Products</legend>
          {offers.products.map(({ name }) => (
            <label key={name}><input type='checkbox' checked={picked.includes(name)} onChange={() => pick(name)} /> {name}</label>
          ))}
        </fieldset>
        {products.filter(({ fields }) => fields.length > 0).map(({ name, fields, typed }) => (
          <fieldset key={name}>
            <legend>{name}</legend>
            <ProductFields prefix={name} fields={fields} typed={typed} onType={type(name)} />
          </fieldset>
        ))}
        <fieldset>
          <legend>Token</legend>
          <ProductFields prefix='all' fields={shared} typed={typed[''] ?? {}} onType={type('')} />
        </fieldset>
        <button type='submit' disabled={busy || picked.length === 0}>{products.length > 1 ? 'Get one token for all' : 'Get a token'}</button>
      </form>
      <div>
        <p class='sr' role='status'>{got && 'Your token is there.'}</p>
        {refusal && <Problem refusal={refusal} />}
        {got && <TokenCard key={got.answer.token} {...got} />}
        {!refusal && !got && <p class='card empty'>Your token will stand here, taken apart: what it allows, until when, and how to ask for it from your own code.</p>}
      </div>
    </div>
  )
}

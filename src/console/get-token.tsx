import { useState } from 'preact/hooks'
import { ask, type Refusal } from './api.js'
import type { Offers } from './available-products.js'
import { now } from './now.js'
import { Problem } from './problem.js'
import type { TokenRequest } from './request-form.js'
import type { Session } from './session.js'
import type { Given } from './snippets.js'
import { TokenCard, type Answer } from './token-card.js'
import { TokenForm } from './token-form.js'
import { useKept } from './use-kept.js'
import { useTokenForm } from './use-token-form.js'

interface Got {
  given: Given
  answer: Answer
  /** By the clock of `now.ts`. */
  at: number
}

interface Refused extends TokenRequest {
  refusal: Refusal
}

/** A token for what is picked. */
export function GetToken ({ session, session: { credentials, offers } }: { session: Session }) {
  const form = useTokenForm(session)
  const [busy, setBusy] = useState(false)
  const [got, setGot] = useKept<Got | undefined>(session, 'token', undefined)
  const [refused, setRefused] = useState<Refused>()
  const refusal = refused?.refusal

  async function get ({ path, body }: TokenRequest): Promise<void> {
    setBusy(true)
    const at = now()
    const { answer, refusal } = await ask<Answer>(path, credentials, body)
    setBusy(false)
    setRefused(refusal && { refusal: ofForm(refusal), path, body })
    // One that still lives is of use whatever becomes of the next.
    if (answer !== undefined) setGot({ answer, at, given: { base: new URL('.', location.href).href, path, body, name: credentials.name } })
  }

  const faults = refused === undefined || isOld(refused, form.request) ? [] : refused.refusal.errors
  if (offers.products.length === 0) return <Nothing name={offers.bounds.name} />
  return (
    <>
      {offers.demo && <Demo />}
      <div class='columns'>
        <TokenForm form={form} offers={offers} busy={busy} faults={faults} onSubmit={get} />
        <div>
          <p class='sr' role='status'>{got && !refusal && 'Your token is there.'}</p>
          {refusal && <Problem refusal={refusal} inView />}
          {got && (
            <TokenCard key={got.answer.token} {...got} isOld={isOld(got.given, form.request)} busy={busy} onRenew={() => get(got.given)} />
          )}
          {!refusal && !got && <Empty offers={offers} />}
        </div>
      </div>
    </>
  )
}

/** The sentence for programs says that a route takes another form. */
function ofForm (refusal: Refusal): Refusal {
  return refusal.code === 'request-invalid' ? { ...refusal, detail: 'Something in the form has to be changed.' } : refusal
}

/** Whether the form asks for something else by now. */
function isOld (given: TokenRequest, request: TokenRequest | undefined): boolean {
  return request === undefined || JSON.stringify([given.path, given.body]) !== JSON.stringify([request.path, request.body])
}

function Demo () {
  return (
    <p class='notice' role='note'>
      <b>This is the demo.</b> Its tokens have the right form, but Twilio refuses them: the API key is
      made up. For real ones, run <code>npx twilio-token-broker init</code>, which asks for your
      account’s API key, and then <code>npx twilio-token-broker start</code>.
    </p>
  )
}

function Empty ({ offers: { bounds } }: { offers: Offers }) {
  return (
    <div class='card empty'>
      <h2>No token yet</h2>
      <p>Pick what your page needs. The token appears here: what it allows, how long it lives, and the code that uses it.</p>
      <p class='fine'>It will be for the identity <code>{bounds.identity}</code>{bounds.identities.length > 0 && ', unless you name another'}.</p>
    </div>
  )
}

function Nothing ({ name }: { name: string }) {
  return (
    <div class='card empty'>
      <h2>Nothing to get here</h2>
      <p>The policy allows you no product. The operator of this broker can change that. This says which rule decides:</p>
      <pre tabIndex={0}>npx twilio-token-broker policy explain {name} PRODUCT</pre>
    </div>
  )
}

import { useState } from 'preact/hooks'
import { ask, type Refusal } from './api.js'
import type { Session } from './session.js'
import { offersOf, type Description } from './available-products.js'
import { Problem } from './problem.js'

/** Asks for a name and a password, and for what they may have. */
export function SignIn ({ onSession }: { onSession (session: Session): void }) {
  const [refusal, setRefusal] = useState<Refusal>()
  const [busy, setBusy] = useState(false)

  async function submit (event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const typed = new FormData(event.target as HTMLFormElement)
    const credentials = { name: String(typed.get('name')), password: String(typed.get('password')) }
    setBusy(true)
    const { answer, refusal } = await ask<Description>('openapi.json', credentials)
    setBusy(false)
    setRefusal(refusal)
    if (answer !== undefined) onSession({ credentials, description: answer, offers: offersOf(answer) })
  }

  return (
    <form class='card narrow' onSubmit={submit}>
      <h2>Sign in</h2>
      <label for='name'>Name</label>
      <input id='name' name='name' autocomplete='username' autocapitalize='none' spellcheck={false} required />
      <label for='password'>Password</label>
      <input id='password' name='password' type='password' autocomplete='current-password' required />
      <button type='submit' disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
      {refusal && <Problem refusal={refusal} />}
      <p class='fine'>Kept in this page’s memory only, until you close or reload it.</p>
    </form>
  )
}

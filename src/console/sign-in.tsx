import { useState } from 'preact/hooks'
import { ask, basic, bearer, type Credentials, type Refusal } from './api.js'
import type { Session } from './session.js'
import { offersOf, type Description } from './available-products.js'
import { Problem } from './problem.js'

/** Asks the user for a name and a password, or a bearer token. Then it asks the broker what that caller may have. */
export function SignIn ({ onSession }: { onSession (session: Session): void }) {
  const [refusal, setRefusal] = useState<Refusal>()
  const [busy, setBusy] = useState(false)

  const submit = (read: (typed: FormData) => Credentials) => async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const credentials = read(new FormData(event.target as HTMLFormElement))
    setBusy(true)
    const { answer, refusal } = await ask<Description>('openapi.json', credentials)
    setBusy(false)
    setRefusal(refusal)
    if (answer !== undefined) onSession({ credentials, description: answer, offers: offersOf(answer) })
  }
  const withPassword = submit(typed => basic(String(typed.get('name')), String(typed.get('password'))))
  const withToken = submit(typed => bearer(String(typed.get('bearer'))))

  return (
    <div class='card narrow'>
      <h2>Sign in</h2>
      <form onSubmit={withPassword}>
        <label for='name'>Name</label>
        <input id='name' name='name' autocomplete='username' autocapitalize='none' spellcheck={false} required />
        <label for='password'>Password</label>
        <input id='password' name='password' type='password' autocomplete='current-password' required />
        <button type='submit' disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
      </form>
      {refusal && <Problem refusal={refusal} />}
      <details>
        <summary>Use a bearer token instead</summary>
        <form onSubmit={withToken}>
          <label for='bearer'>Token of your identity provider</label>
          <textarea id='bearer' name='bearer' rows={4} autocomplete='off' autocapitalize='none' spellcheck={false} required />
          <button type='submit' disabled={busy}>Use the token</button>
        </form>
      </details>
      <p class='fine'>Kept in this page’s memory only, until you close or reload it.</p>
    </div>
  )
}

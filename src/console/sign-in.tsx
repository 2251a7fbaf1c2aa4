import { useState } from 'preact/hooks'
import { bearer, type Refusal, type Result } from './api.js'
import { describe, signInByPassword } from './open-session.js'
import { Problem } from './problem.js'
import type { Session } from './session.js'
import type { SignedOut } from './use-session.js'

interface SignInProps {
  out: SignedOut
  onSession (session: Session): void
}

/** Asks the user for a name and a password, or a bearer token. */
export function SignIn ({ out, onSession }: SignInProps) {
  const [refusal, setRefusal] = useState<Refusal>()
  const [busy, setBusy] = useState(false)

  const submit = (signIn: (form: HTMLFormElement) => Promise<Result<Session>>) => async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    setBusy(true)
    const { answer, refusal } = await signIn(form)
    setBusy(false)
    setRefusal(refusal)
    if (answer === undefined) return
    // An input keeps what was typed for as long as anything holds the input.
    form.reset()
    onSession(answer)
  }
  const withPassword = submit(form => signInByPassword(valueOf(form, 'name'), valueOf(form, 'password')))
  const withToken = submit(form => describe({ credentials: bearer(valueOf(form, 'bearer')) }))

  return (
    <div class='card narrow'>
      <h2>Sign in</h2>
      {out.reason && !refusal && <p class='notice' role='status'>{out.reason}</p>}
      <form onSubmit={withPassword}>
        <label for='name'>Name</label>
        <input id='name' name='name' autocomplete='username' autocapitalize='none' spellcheck={false} required defaultValue={out.name ?? ''} />
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
      <p class='fine'>Your password is sent once and then forgotten. Nothing is stored: a reload signs you out.</p>
    </div>
  )
}

function valueOf (form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name))
}

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { bearer, type Refusal, type Result } from './api.js'
import { describe, signInByPassword } from './open-session.js'
import { PasswordField } from './password-field.js'
import { Problem } from './problem.js'
import type { Session } from './session.js'
import { useLock } from './use-lock.js'
import type { SignedOut } from './use-session.js'

/** The field of a secret, by its id. */
type Secret = 'password' | 'bearer'

type SignInBy = (form: HTMLFormElement) => Promise<Result<Session>>

interface Refused {
  refusal: Refusal
  secret: Secret
  /** That was typed. */
  name: string
}

interface SignInProps {
  out: SignedOut
  onSession (session: Session): void
}

/** Asks the user for a name and a password, or a bearer token. */
export function SignIn ({ out, onSession }: SignInProps) {
  const [refused, setRefused] = useState<Refused>()
  const [busy, setBusy] = useState(false)
  const [name, setName] = useState(out.name ?? '')
  const lock = useLock()
  const form = useRef<HTMLFormElement>(null)
  // A user who opens the page or was signed out types next.
  useLayoutEffect(() => { form.current!.querySelector<HTMLInputElement>(name === '' ? '#name' : '#password')!.focus() }, [])

  const submit = (secret: Secret, signIn: SignInBy) => async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    setBusy(true)
    const { answer, refusal } = await signIn(form)
    setBusy(false)
    if (refusal !== undefined) {
      setRefused({ refusal, secret, name })
      if (refusal.code === 'login-limited') lock.add(name, refusal.retryAfter)
      // The button that had the focus was disabled meanwhile.
      return form.querySelector<HTMLInputElement | HTMLTextAreaElement>(`#${secret}`)!.select()
    }
    // An input keeps what was typed for as long as anything holds the input.
    form.reset()
    onSession(answer)
  }
  const withPassword = submit('password', form => signInByPassword(valueOf(form, 'name'), valueOf(form, 'password')))
  const withToken = submit('bearer', async form => withoutTokens(await describe({ credentials: bearer(valueOf(form, 'bearer')) })))
  const isLocked = lock.has(name)
  const problemOf = (secret: Secret) => {
    // Another name is not locked.
    const isOfName = refused?.refusal.code !== 'login-limited' || refused.name === name
    return refused?.secret === secret && isOfName && <Problem refusal={refused.refusal} inView />
  }

  return (
    <div class='card sign-in'>
      <h1>Sign in</h1>
      <p class='fine'>Use the name and password that you got for this broker, not those of Twilio.</p>
      {out.reason !== undefined && refused === undefined && <p class='notice' role='status'>{out.reason}</p>}
      <form ref={form} onSubmit={withPassword}>
        <div class='field'>
          <label for='name'>Name</label>
          <input id='name' name='name' value={name} onInput={event => setName(event.currentTarget.value)} autocomplete='username' autocapitalize='none' spellcheck={false} required />
        </div>
        <PasswordField />
        <button type='submit' disabled={busy || isLocked}>{busy ? 'Signing in…' : isLocked ? 'This name is locked' : 'Sign in'}</button>
      </form>
      {problemOf('password')}
      <details>
        <summary>Use a bearer token instead</summary>
        <form onSubmit={withToken}>
          <div class='field'>
            <label for='bearer'>Token of your identity provider</label>
            <textarea id='bearer' name='bearer' rows={4} autocomplete='off' autocapitalize='none' spellcheck={false} required />
          </div>
          <button type='submit' class='second' disabled={busy}>Use the token</button>
          {problemOf('bearer')}
        </form>
      </details>
      <p class='fine'>This page stores nothing, and forgets your password once it has a session.</p>
    </div>
  )
}

/** A broker without an identity provider names the headers that it takes, which nobody types here. */
function withoutTokens (result: Result<Session>): Result<Session> {
  return result.refusal?.code === 'credentials-missing'
    ? { refusal: { ...result.refusal, detail: 'This broker takes no bearer tokens. Sign in with a name and a password.' } }
    : result
}

function valueOf (form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name))
}

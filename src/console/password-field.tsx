import { useState } from 'preact/hooks'

/** Its text is never a state of the page, so that nothing keeps it. */
export function PasswordField () {
  const [isShown, setShown] = useState(false)
  const [hasCapsLock, setCapsLock] = useState(false)
  const look = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'))
  return (
    <div class='field'>
      <label for='password'>Password</label>
      <div class='with-button'>
        <input
          {...isShown ? { type: 'text' } : { type: 'password' }} id='password' name='password' autocomplete='current-password' autocapitalize='none' spellcheck={false} required
          aria-describedby='caps-lock' onKeyDown={look} onKeyUp={look}
        />
        <button type='button' class='quiet' aria-pressed={isShown} onClick={() => setShown(!isShown)}>{isShown ? 'Hide' : 'Show'}<span class='sr'> password</span></button>
      </div>
      <p class='hint warn' id='caps-lock' role='status'>{hasCapsLock && 'Caps Lock is on.'}</p>
    </div>
  )
}

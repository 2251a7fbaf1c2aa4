/* global document, FormData */
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { Device } from '@twilio/voice-sdk'
import { SignInError, TokenBroker } from 'twilio-token-broker-client'
import { TokenBrokerProvider, useTwilio } from 'twilio-token-broker-client/react'

/** What the form was last sent with. Forgotten as soon as the client has read it. */
let typed

// Outside of the components: one for each user.
const broker = new TokenBroker({
  url: 'http://127.0.0.1:3000',
  credentials () {
    const credentials = typed
    typed = undefined
    return credentials
  },
  onError (error) {
    if (error instanceof SignInError) signInAgain()
    else console.error(error)
  }
})

/** Shows the form when a session has ended. */
let signInAgain = () => {}

function makeDevice (token) {
  const device = new Device(token)
  device.register()
  return device
}

function Phone () {
  const { sdk: device, error, retry } = useTwilio('voice', makeDevice)
  const [state, setState] = useState('Connecting.')
  useEffect(() => { signInAgain = retry }, [retry])
  useEffect(() => { device?.on('registered', () => setState('Ready for calls.')).on('error', error => setState(error.message)) }, [device])
  if (!error) return <p>{state}</p>
  // Another name or password helps after a SignInError. A LockedError says how long to wait.
  return error instanceof SignInError
    ? <SignIn message={error.detail} onSubmit={retry} />
    : <p>{error.detail} <button onClick={retry}>Try again</button></p>
}

function SignIn ({ message, onSubmit }) {
  function submit (event) {
    event.preventDefault()
    typed = Object.fromEntries(new FormData(event.target))
    onSubmit()
  }
  return (
    <form onSubmit={submit}>
      <p>{message}</p>
      <input name='username' autoComplete='username' aria-label='Name' />
      <input name='password' type='password' autoComplete='current-password' aria-label='Password' />
      <button>Sign in</button>
    </form>
  )
}

createRoot(document.getElementById('root')).render(<TokenBrokerProvider broker={broker}><Phone /></TokenBrokerProvider>)

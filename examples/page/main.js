/* global document, FormData */
import { Device } from '@twilio/voice-sdk'
import { LockedError, SignInError, TokenBroker } from 'twilio-token-broker-client'

const form = document.querySelector('form')
const show = text => { document.querySelector('output').textContent = text }

/** Shows the form, and answers what it was sent with. */
const askUser = () => new Promise(resolve => {
  form.hidden = false
  form.onsubmit = event => {
    event.preventDefault()
    resolve(Object.fromEntries(new FormData(form)))
    form.hidden = true
    form.reset()
  }
})

const broker = new TokenBroker({
  url: 'http://127.0.0.1:3000',
  credentials: askUser,
  onError (error) {
    report(error)
    // Once the user has signed in again, the device gets its token.
    if (error instanceof SignInError) signIn()
  }
})

function report (error) {
  show(error instanceof LockedError ? `Too many wrong passwords. Try again after ${error.until.toLocaleTimeString()}.` : error.message)
}

/** Asks the user until the broker gives a token. Undefined where another name or password would not help. */
async function signIn () {
  while (true) {
    try {
      return await broker.token('voice')
    } catch (error) {
      report(error)
      if (!(error instanceof SignInError || error instanceof LockedError)) return undefined
    }
  }
}

const token = await signIn()
if (token) {
  const device = new Device(token)
  broker.keep(device, 'voice')
  device.on('registered', () => show('Ready for calls.'))
  device.on('error', error => show(error.message))
  device.register()
}

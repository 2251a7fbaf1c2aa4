/* global Twilio, document, history, location, sessionStorage */
// A page whose user signs in at an OpenID provider, by code and PKCE, with a library that is certified for it.
import * as oauth from 'oauth4webapi'
import { TokenBroker } from '/client.js'

// The provider is on this machine.
const insecure = { [oauth.allowInsecureRequests]: true }
const client = { client_id: 'web' }
const redirectUri = location.origin + location.pathname

async function discover (issuer) {
  const at = new URL(issuer)
  return oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, insecure))
}

async function signIn (issuer) {
  const server = await discover(issuer)
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()]
  sessionStorage.setItem('flow', JSON.stringify({ issuer, verifier, state, nonce }))
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce
  })
  // After the test has its answer from this page.
  setTimeout(() => location.assign(url))
}

async function comeBack () {
  const { issuer, verifier, state, nonce } = JSON.parse(sessionStorage.getItem('flow'))
  const server = await discover(issuer)
  const parameters = oauth.validateAuthResponse(server, client, new URL(location.href), state)
  history.replaceState(null, '', location.pathname)
  const response = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, redirectUri, verifier, insecure)
  const { id_token: idToken } = await oauth.processAuthorizationCodeResponse(server, client, response, { expectedNonce: nonce, requireIdToken: true })
  return idToken
}

const signedIn = location.search === '' ? undefined : comeBack()

globalThis.signInPage = {
  signIn,
  /** Signs in to Twilio with a token that the broker gives for the provider's one. */
  async connect (url) {
    const bearer = await signedIn
    const errors = []
    const broker = new TokenBroker({ url, credentials: () => ({ bearer }), onError: error => errors.push(String(error)) })
    const device = new Twilio.Device(await broker.token('voice'))
    broker.keep(device, 'voice')
    const registered = new Promise((resolve, reject) => {
      device.once('registered', resolve)
      device.once('error', reject)
    })
    device.register().catch(() => {})
    await registered
    return { identity: device.identity, errors }
  }
}
document.title = 'ready'

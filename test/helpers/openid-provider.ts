import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oauth from 'oauth4webapi'
import { Provider } from 'oidc-provider'

/** The audience of access tokens for the broker. */
export const audience = 'https://tokens.example.com'

/** The application, as the provider knows it. */
export const clientId = 'web'

const newKey = (kid: string): { kid: string, key: KeyObject } => ({ kid, key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey })

/**
 * A real OpenID provider. Whoever signs in there has the name that was typed, by any password.
 * @param redirectUri of the application
 */
export async function startOpenIdProvider (redirectUri: string) {
  let handler: RequestListener = (_request, response) => { response.writeHead(503).end() }
  const server = createServer((request, response) => {
    own.requests.push(request.url!)
    handler(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const own = {
    issuer,
    /** Paths, in order. */
    requests: [] as string[],
    /** Signs by this key from now on, and publishes it, with the old ones behind it. */
    use (kids: string[]) {
      handler = providerOf(issuer, redirectUri, kids).callback() as RequestListener
    },
    /** Answers nothing any more. */
    hang () {
      handler = () => {}
    },
    async leave () {
      const closed = once(server, 'close')
      server.close().closeAllConnections()
      await closed
    },
    async close () {
      if (server.listening) await own.leave()
    }
  }
  own.use(['first'])
  return own
}

const keys = new Map<string, ReturnType<typeof newKey>>()

function keyOf (kid: string) {
  const key = keys.get(kid) ?? newKey(kid)
  keys.set(kid, key)
  return { ...key.key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
}

function providerOf (issuer: string, redirectUri: string, kids: string[]): Provider {
  return new Provider(issuer, {
    jwks: { keys: kids.map(keyOf) } as never,
    clients: [{ client_id: clientId, redirect_uris: [redirectUri], token_endpoint_auth_method: 'none', grant_types: ['authorization_code'], response_types: ['code'] }],
    cookies: { keys: ['not a secret'] },
    clientBasedCORS: () => true,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ audience, scope: 'tokens', accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'RS256' } } }),
        defaultResource: () => [],
        useGrantedResource: () => true
      }
    }
  })
}

export interface SignedIn {
  idToken: string
  accessToken: string
}

/** What a browser does with a user before it: the code flow with PKCE, by a client that is certified for it. */
export async function signIn (issuer: string, redirectUri: string, login: string, resource?: string): Promise<SignedIn> {
  const insecure = { [oauth.allowInsecureRequests]: true } as const
  const at = new URL(issuer)
  const server = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, insecure))
  const client = { client_id: clientId }
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()]
  const authorization = new URL(server.authorization_endpoint!)
  authorization.search = String(new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: resource === undefined ? 'openid' : 'openid tokens',
    ...(resource !== undefined && { resource }),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce
  }))
  const back = await walk(authorization, redirectUri, login)
  const parameters = oauth.validateAuthResponse(server, client, back, state)
  const response = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, redirectUri, verifier, {
    ...insecure, ...(resource !== undefined && { additionalParameters: { resource } })
  })
  const { id_token: idToken, access_token: accessToken } = await oauth.processAuthorizationCodeResponse(server, client, response, { expectedNonce: nonce, requireIdToken: true })
  return { idToken: idToken!, accessToken }
}

/** Follows redirects, types into the forms, and stops where the application would be. */
async function walk (from: URL, redirectUri: string, login: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let next: { url: URL, form?: URLSearchParams | undefined } = { url: from }
  for (let step = 0; step < 20; step++) {
    const response = await fetch(next.url, {
      redirect: 'manual',
      headers: { cookie: Array.from(cookies, pair => pair.join('=')).join('; ') },
      ...(next.form && { method: 'POST', body: next.form })
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      cookies.set(name!, value!)
    }
    const location = response.headers.get('location')
    if (location !== null) {
      next = { url: new URL(location, next.url) }
      if (String(next.url).startsWith(redirectUri)) return next.url
      continue
    }
    const page = await response.text()
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1]
    if (action === undefined) throw new Error(page)
    next = { url: new URL(action, next.url), form: new URLSearchParams({ prompt: page.includes('name="login"') ? 'login' : 'consent', login, password: 'any' }) }
  }
  throw new Error('the provider never comes back')
}

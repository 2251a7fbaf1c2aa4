import { problem } from '../problems.js'
import type { RequestStep } from './request-step.js'

export interface TokenMethodOptions {
  tokenPath: string
  /** Names of products, enabled or not. */
  builtInNames: readonly string[]
}

/**
 * Refuses methods that the token routes do not have, for every path. By RFC 9110 §15.5.6, the 405 lists the allowed ones. HEAD is not
 * allowed: it would issue a token that nobody reads.
 */
export function rejectMethod ({ tokenPath, builtInNames }: TokenMethodOptions): RequestStep {
  const detail = routesInWords(tokenPath, builtInNames)
  return ({ method, url }) => {
    if (method === 'POST') return
    if (url.split('?', 1)[0] === tokenPath) throw problem('method-not-allowed', { detail, headers: { Allow: 'POST' } })
    if (method !== 'GET') throw problem('method-not-allowed', { headers: { Allow: 'GET, POST' } })
  }
}

/** Twilio's quickstarts use `GET /token?identity=alice`. This text reveals nothing: it does not depend on the settings. */
function routesInWords (tokenPath: string, names: readonly string[]): string {
  const routes = names.map(name => `${tokenPath}/${name}`)
  return `For one product, send GET or POST to ${routes.slice(0, -1).join(', ')} or ${routes.at(-1)}; for several in one token, POST to ${tokenPath}. Sign in with each request: your credentials decide the identity, and no query is taken.`
}

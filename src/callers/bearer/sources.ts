import { resolve } from 'node:path'
import { errorCode } from '../../files/errno.js'
import { writableByEveryone } from '../../files/mode.js'
import { readWithMode } from '../../files/read.js'
import { isRecord } from '../../lib/is-record.js'
import { isSafeUrl, isUrl } from '../../settings/jwt-rules.js'
import { fetchJson, newAgent, parse } from './fetch-json.js'
import { KeysError } from './keys-error.js'

/** Where the keys of the identity provider are. */
export interface KeySource {
  /** The absolute path of the file that has to be watched. Undefined for a URL. */
  readonly path?: string
  /**
   * Reads the JWK Set, without checking it.
   * @throws KeysError
   */
  read (signal: AbortSignal): Promise<unknown>
}

/**
 * @param keys JWT_KEYS; if it is not set, the issuer's discovery document names the URL
 * @param cwd absolute path that a relative path starts from
 */
export function keySourceOf (issuer: string, keys: string | undefined, cwd: string): KeySource {
  if (keys === undefined) return { read: signal => readByDiscovery(issuer, signal) }
  if (isUrl(keys)) return { read: signal => withAgent(agent => fetchJson(keys, { what: keySet, agent, signal })) }
  const path = resolve(cwd, keys)
  return { path, read: () => readFile(path, keys) }
}

const keySet = 'the key set'

/** All that is read from a discovery document. */
export interface DiscoveryDocument {
  readonly keysUrl: string
  /** The algorithms of the provider's ID tokens; not checked, may be missing. */
  readonly algorithms: unknown
}

/**
 * Reads the document by OpenID Connect Discovery 1.0 §4.
 * @throws KeysError; of the kind `mistake` if the document belongs to another issuer
 */
async function discover (issuer: string, fetch: Omit<Parameters<typeof fetchJson>[1], 'what'>): Promise<DiscoveryDocument> {
  const what = 'the discovery document'
  const document = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { ...fetch, what })
  if (!isRecord(document)) throw new KeysError(`${what} is not a JSON object`)
  if (document.issuer !== issuer) throw new KeysError(`${what} names another issuer than JWT_ISSUER, which must be the same to the letter, a slash at the end included`, 'mistake')
  const { jwks_uri: keysUrl, id_token_signing_alg_values_supported: algorithms } = document
  if (typeof keysUrl !== 'string' || !isSafeUrl(keysUrl)) throw new KeysError(`${what} has no https: URL as its jwks_uri`)
  return { keysUrl, algorithms }
}

/**
 * Reads the discovery document without the keys.
 * @throws KeysError
 */
export function readDiscovery (issuer: string, signal: AbortSignal): Promise<DiscoveryDocument> {
  return withAgent(agent => discover(issuer, { agent, signal }))
}

function readByDiscovery (issuer: string, signal: AbortSignal): Promise<unknown> {
  return withAgent(async agent => {
    const { keysUrl } = await discover(issuer, { agent, signal })
    return fetchJson(keysUrl, { what: keySet, agent, signal })
  })
}

async function withAgent<T> (work: (agent: ReturnType<typeof newAgent>) => Promise<T>): Promise<T> {
  const agent = newAgent()
  try {
    return await work(agent)
  } finally {
    await agent.destroy()
  }
}

/** @param file its path as the operator wrote it */
async function readFile (path: string, file: string): Promise<unknown> {
  const content = await readWithMode(path).catch((error: unknown) => { throw new KeysError(`the file that JWT_KEYS names cannot be read (${errorCode(error)})`, 'mistake') })
  if (content === undefined) throw new KeysError('JWT_KEYS names something that is not a file', 'mistake')
  // Anyone who can change the keys can sign in as anybody.
  const writable = writableByEveryone(content.mode, { file, setting: 'JWT_KEYS' })
  if (writable !== undefined) throw new KeysError(writable, 'mistake')
  return parse(content.bytes, 'the file that JWT_KEYS names')
}

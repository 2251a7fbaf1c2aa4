import { Agent, request } from 'undici'
import { errorCode } from '../../files/errno.js'
import { parseJson } from '../../lib/parse-json.js'
import { readAtMost } from '../../lib/read-at-most.js'
import { KeysError } from './keys-error.js'

const MAX_BYTES = 100 * 1024

/** Creates an agent for one fetch, or for a few in a row. It keeps no connection open: the next fetch is minutes later. */
export function newAgent (): Agent {
  return new Agent({ connections: 1, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 1, keepAliveMaxTimeout: 1 })
}

/**
 * Fetches JSON. Does not follow redirects: the keys must come from the address in the settings.
 * @param what names the document in messages
 * @throws KeysError
 */
export async function fetchJson (
  url: string,
  { what, agent, signal }: { what: string, agent: Agent, signal: AbortSignal }
): Promise<unknown> {
  const bytes = await fetchBytes(url, what, agent, signal).catch((error: unknown) => {
    if (error instanceof KeysError) throw error
    throw new KeysError(signal.aborted ? `${what} was not received in time` : `${what} cannot be fetched (${errorCode(error)})`, 'unreachable')
  })
  return parse(bytes, what)
}

async function fetchBytes (url: string, what: string, dispatcher: Agent, signal: AbortSignal): Promise<Buffer> {
  const { statusCode, body } = await request(url, { dispatcher, headers: { accept: 'application/json' }, signal })
  if (statusCode !== 200) {
    body.on('error', () => {}).destroy()
    throw new KeysError(`${what} was answered with status ${statusCode}${statusCode >= 300 && statusCode < 400 ? ', a redirect, which is not followed' : ''}`, statusCode >= 500 ? 'unreachable' : 'wrong')
  }
  const bytes = await readAtMost(MAX_BYTES, body)
  if (bytes === undefined) throw new KeysError(`${what} has more than ${MAX_BYTES} bytes`)
  return bytes
}

/** @throws KeysError */
export function parse (bytes: Buffer, what: string): unknown {
  const value = parseJson(bytes)
  if (value === undefined) throw new KeysError(`${what} is not JSON`)
  return value
}

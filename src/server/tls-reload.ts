import { resolve } from 'node:path'
import { readKeys, type KeyPair } from './tls-files.js'
import type { Settings } from '../settings/schema.js'
import { textsOf } from '../lib/diagnostic.js'
import { stampsOf } from '../files/stamp.js'
import { watchFiles } from '../files/watch.js'

export interface Renewal {
  /** Reads the files now, as on SIGHUP. Never rejects. */
  renew (): Promise<void>
  close (): Promise<void>
}

interface Log {
  info (message: string): void
  warn (message: string): void
  error (message: string): void
  error (about: object, message: string): void
}

/**
 * Takes up the certificate and its key whenever one of their files changes. They are renewed one after the other, so a pair
 * that does not fit is looked at again at the next change; until then the old one serves.
 */
export function keepRenewed ({ TLS_CERT_FILE, TLS_KEY_FILE }: Settings, cwd: string, log: Log, take: (pair: KeyPair) => void, onRead: (taken: boolean) => void): Renewal {
  const files = { TLS_CERT_FILE, TLS_KEY_FILE }
  const closing = new AbortController()
  let told = ''

  async function read (): Promise<void> {
    try {
      await readPair()
    } catch (error) {
      // Nothing that goes wrong here may end the process.
      log.error({ err: error }, 'certificate not taken, the old one stays')
      onRead(false)
    }
  }

  async function readPair (): Promise<void> {
    const { pair, diagnostics } = await readKeys(files, cwd)
    const wrong = textsOf(diagnostics, 'mistake').join('; ')
    // Both files may have changed, and say the same.
    if (wrong !== '' && wrong !== told) log.error(`certificate not taken, the old one stays: ${wrong}`)
    told = wrong
    // Nothing to read where no files are named.
    if (pair === undefined && wrong === '') return
    if (pair !== undefined) take(pair)
    onRead(pair !== undefined)
    if (pair === undefined) return
    for (const text of textsOf(diagnostics, 'warning')) log.warn(text)
    log.info('certificate taken')
  }

  async function watch (): Promise<void> {
    const stamps = await stampsOf(Object.values(files).filter(file => file !== undefined).map(file => resolve(cwd, file)))
    await watchFiles({ stamps, signal: closing.signal, onChange: renew })
  }

  // One after the other: a slow one must not put an older pair over a newer one.
  let reading = Promise.resolve()
  function renew (): Promise<void> {
    reading = reading.then(read)
    return reading
  }

  const watching = Promise.allSettled([watch()])
  return {
    renew,
    async close () {
      closing.abort()
      await watching
    }
  }
}

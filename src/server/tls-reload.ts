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
 * Reads certificate and key again whenever one of the files changes. They are usually replaced one after the other: if they do not fit, the
 * old pair stays in use until the next change.
 */
export function keepRenewed (
  { TLS_CERT_FILE, TLS_KEY_FILE }: Settings,
  cwd: string,
  log: Log,
  take: (pair: KeyPair) => void,
  onRead: (taken: boolean) => void
): Renewal {
  const files = { TLS_CERT_FILE, TLS_KEY_FILE }
  const closing = new AbortController()
  let lastReported = ''

  async function read (): Promise<void> {
    try {
      await readPair()
    } catch (error) {
      // An error here must not end the process.
      log.error({ err: error }, 'certificate rejected, the old one stays')
      onRead(false)
    }
  }

  async function readPair (): Promise<void> {
    const { pair, diagnostics } = await readKeys(files, cwd)
    const wrong = textsOf(diagnostics, 'mistake').join('; ')
    // When both files change, the same mistake may be found twice.
    if (wrong !== '' && wrong !== lastReported) log.error(`certificate rejected, the old one stays: ${wrong}`)
    lastReported = wrong
    // Nothing to read where no files are named.
    if (pair === undefined && wrong === '') return
    if (pair !== undefined) take(pair)
    onRead(pair !== undefined)
    if (pair === undefined) return
    for (const text of textsOf(diagnostics, 'warning')) log.warn(text)
    log.info('certificate reloaded')
  }

  async function watch (): Promise<void> {
    const stamps = await stampsOf(Object.values(files).filter(file => file !== undefined).map(file => resolve(cwd, file)))
    await watchFiles({ stamps, signal: closing.signal, onChange: renew })
  }

  // One at a time: a slow read must not replace a newer pair by an older one.
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

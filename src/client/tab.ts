import type { OpenSessionStorage, SessionStorage } from './session-storage.js'

// The part of a page that this file uses: tests check it with Node's types, which know no pages.
interface Pending<T> {
  result: T
  onsuccess: () => void
  onerror: (event: unknown) => void
}

interface Database<Login> {
  createObjectStore (name: string): void
  transaction (name: string, mode: 'readwrite'): { objectStore (name: string): Store<Login> }
  close (): void
}

interface Store<Login> {
  get (key: string): Pending<Sessions<Login> | undefined>
  put (sessions: Sessions<Login>, key: string): void
}

declare const indexedDB: { open (name: string): Pending<Database<unknown>> & { onupgradeneeded: () => void } }
declare const sessionStorage: Record<string, string>

/** The sessions of all tabs, by tab and broker. */
type Sessions<Login> = Record<string, { login: Login, used: number }>

const name = 'twilio-token-broker'

/**
 * Keeps a session through reloads of its page: in IndexedDB, as nothing else stores a key that cannot be read.
 *
 * @example
 * import { tab } from 'twilio-token-broker/client/tab'
 * const broker = new TokenBroker({ url, credentials, keep: tab })
 */
export const tab: OpenSessionStorage = <Login>(url: string): SessionStorage<Login> => {
  let heartbeat: ReturnType<typeof setTimeout>
  const change: SessionStorage<Login> = async (login?: Login | null) => {
    clearTimeout(heartbeat)
    try {
      const here = (sessionStorage[name] ??= crypto.randomUUID()) + url
      const opening = indexedDB.open(name)
      opening.onupgradeneeded = () => opening.result.createObjectStore(name)
      const database = await done(opening) as Database<Login>
      const store = database.transaction(name, 'readwrite').objectStore(name)
      const sessions = await done(store.get(name)) ?? {}
      const used = Date.now()
      // The idle end: half an hour after its page last ran, a session is not taken up any more.
      for (const other in sessions) if (used - sessions[other]!.used > 1_800_000) delete sessions[other]
      const kept = login === undefined ? sessions[here]?.login : login
      delete sessions[here]
      if (kept) {
        sessions[here] = { login: kept, used }
        // The page runs.
        heartbeat = setTimeout(change, 300_000)
      }
      store.put(sessions, name)
      database.close()
      return kept
    } catch {
      return null
    }
  }
  return change
}

function done<T> (request: Pending<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = reject
  })
}

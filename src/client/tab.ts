// As much of a page as is used here: tests check this file with Node's types, which know of none.
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

/** With a session it keeps it, with null it forgets it, and without an argument it returns it. Without storage it keeps nothing. */
export interface TabStorage<Login> {
  (login: Login | null): void
  (): Promise<Login | null | undefined>
}

const name = 'twilio-token-broker'

/** Keeps a session through reloads of its page: in IndexedDB, as nothing else stores a key that cannot be read. */
export function tabStorage<Login> (url: string): TabStorage<Login> {
  let heartbeat: ReturnType<typeof setTimeout>
  const change: TabStorage<Login> = async (login?: Login | null) => {
    clearTimeout(heartbeat)
    try {
      const tab = (sessionStorage[name] ??= crypto.randomUUID()) + url
      const opening = indexedDB.open(name)
      opening.onupgradeneeded = () => opening.result.createObjectStore(name)
      const database = await done(opening) as Database<Login>
      const store = database.transaction(name, 'readwrite').objectStore(name)
      const sessions = await done(store.get(name)) ?? {}
      const used = Date.now()
      // The idle end: half an hour after its page last ran, a session is not taken up any more.
      for (const other in sessions) if (used - sessions[other]!.used > 1_800_000) delete sessions[other]
      const kept = login === undefined ? sessions[tab]?.login : login
      delete sessions[tab]
      if (kept) {
        sessions[tab] = { login: kept, used }
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

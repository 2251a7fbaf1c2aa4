import { Socket } from 'node:net'
import { DatabaseError, Pool, types } from 'pg'

export interface UsersQueryOptions {
  /**
   * `postgres://user:password@host:port/database?…`. An empty `?statement_timeout=` leaves out that parameter, which some connection
   * poolers refuse.
   */
  databaseUrl: string
  /**
   * Takes a name as `$1`. Returns `password_hash`, and optionally `name` (the caller's canonical name), `identity` and `groups` (a text
   * array).
   */
  usersQuery: string
}

/** A column that the query does not return is undefined; one without a value is null. */
export interface UserRow {
  readonly password_hash: string | null
  readonly name?: string | null
  readonly identity?: string | null
  /** A text array as the driver reads it. */
  readonly groups?: unknown
}

export interface UserRows {
  readonly rows: UserRow[]
  /** Whether the query returns the column `name`. Undefined if the database refused the name before it ran the query. */
  readonly hasNames: boolean | undefined
}

/** Columns that a query may return, each once. */
const OPTIONAL_COLUMNS = ['name', 'identity', 'groups']

/** A setting is wrong, so retrying does not help. The message names the setting; it contains no secret and nothing that a caller sent. */
export class SettingMistake extends Error {
  constructor (readonly setting: 'DATABASE_URL' | 'USERS_QUERY', message: string) {
    super(message)
  }
}

/**
 * A look-up takes about a millisecond and a password's hash many times as long, so a few connections are enough. As many as the
 * failures that open the circuit breaker, so that each dead connection has been tried before it opens.
 */
const MAX_CONNECTIONS = 5
/** For each step. The circuit breaker allows the same time for all of them. */
const STEP_TIMEOUT_MS = 800

/**
 * After this time a connection is closed once it is free. After a failover, the host name in DATABASE_URL belongs to another server, and
 * the old one may go on without learning of changed passwords: a connection to it that is always in use would never end.
 */
const MAX_LIFETIME_SECONDS = 4

/**
 * SQLSTATE classes whose messages may be logged, because they are about the server, the login or the query, with the setting to correct.
 * Messages of other classes may contain the name of a caller, or data. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const LOGGABLE_ERRORS: ReadonlyArray<{ states: RegExp, setting?: SettingMistake['setting'], called?: string }> = [
  { states: /^(28|3D)/, setting: 'DATABASE_URL' },
  // A parameter that a connection pooler refuses, or a query without `$1`.
  { states: /^08P01/, setting: 'DATABASE_URL', called: 'DATABASE_URL or USERS_QUERY' },
  { states: /^42/, setting: 'USERS_QUERY' },
  { states: /^(08|53|57)/ }
]

/** SQLSTATEs for a name that no row can have: it does not fit the type of the column (a number, a UUID) or the encoding of the database. */
const UNKNOWN_NAME_ERRORS = new Set(['22P02', '22003', '22021'])

/** Runs USERS_QUERY. */
export class UsersQuery {
  readonly #query: string
  readonly #pool: Pool
  readonly #sockets = new Set<Socket>()

  constructor ({ databaseUrl, usersQuery }: UsersQueryOptions) {
    this.#query = usersQuery
    this.#pool = new Pool({
      connectionString: databaseUrl,
      fallback_application_name: 'twilio-token-broker',
      max: MAX_CONNECTIONS,
      maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
      connectionTimeoutMillis: STEP_TIMEOUT_MS,
      query_timeout: STEP_TIMEOUT_MS,
      // Ends the statement on the server, too: a statement that waits for a lock would otherwise keep its session long after the broker has
      // given up.
      statement_timeout: STEP_TIMEOUT_MS,
      keepAlive: true,
      stream: () => this.#socket()
    })
    // Without a listener, the end of an idle connection would end the process. The next look-up opens another one, or reports why it
    // cannot.
    this.#pool.on('error', () => {})
  }

  /** Look-ups that wait for a connection. */
  get waiting () {
    return this.#pool.waitingCount
  }

  /** @throws SettingMistake, or an Error whose message may be logged */
  async lookUp (name: string): Promise<UserRows> {
    try {
      const { rows, fields } = await this.#pool.query<UserRow>({ text: this.#query, values: [name], types: asText })
      const count = (column: string) => fields.filter(({ name }) => name === column).length
      if (count('password_hash') !== 1) throw new SettingMistake('USERS_QUERY', 'USERS_QUERY must answer one column named password_hash')
      for (const column of OPTIONAL_COLUMNS) if (count(column) > 1) throw new SettingMistake('USERS_QUERY', `USERS_QUERY answers two columns named ${column}`)
      const groups = fields.find(({ name }) => name === 'groups')
      if (groups !== undefined && !textArrays.has(groups.dataTypeID)) throw new SettingMistake('USERS_QUERY', 'USERS_QUERY must answer groups as a text array; a cast makes one, such as groups::text[]')
      return { rows, hasNames: count('name') === 1 }
    } catch (error) {
      if (error instanceof DatabaseError && UNKNOWN_NAME_ERRORS.has(String(error.code))) return { rows: [], hasNames: undefined }
      throw loggable(error)
    }
  }

  /** Lets running look-ups end, and refuses new ones. */
  async close () {
    if (!this.#pool.ending) await this.#pool.end()
    // The pool has asked the server to close. If the network loses that, the sockets must not keep the process alive.
    for (const socket of this.#sockets) socket.destroy()
  }

  #socket () {
    const socket = new Socket()
    this.#sockets.add(socket)
    return socket.once('close', () => this.#sockets.delete(socket))
  }
}

/** Arrays of text, varchar, char and name, by their number in pg_type. All have the same text form. */
const TEXT_ARRAY = 1009 as number
const textArrays = new Set([TEXT_ARRAY, 1015, 1014, 1003])

/** Reads each column as text, whatever its type, because an identity may be an integer. Only arrays of texts become lists. */
const asText = {
  getTypeParser: (type: number) => textArrays.has(type)
    ? types.getTypeParser(TEXT_ARRAY) as (value: string) => unknown
    : (value: string) => value
}

/** Returns an error with nothing but a sentence: the driver's errors also hold the connection, the query and sometimes data. */
function loggable (error: unknown): Error {
  if (!(error instanceof DatabaseError)) return error instanceof SettingMistake ? error : new Error(textOf(error))
  const { message } = error
  const code = String(error.code)
  const known = LOGGABLE_ERRORS.find(({ states }) => states.test(code))
  if (known === undefined) return new Error(`PostgreSQL refused USERS_QUERY (SQLSTATE ${code})`)
  const text = `${message} (SQLSTATE ${code})`
  return known.setting === undefined ? new Error(text) : new SettingMistake(known.setting, `${known.called ?? known.setting}: ${text}`)
}

/** If a host name has several addresses, Node's error has a code and no message. */
function textOf (error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  return message || String(code)
}

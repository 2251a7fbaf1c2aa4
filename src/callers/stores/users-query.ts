import { Socket } from 'node:net'
import { DatabaseError, Pool, types } from 'pg'

export interface UsersQueryOptions {
  /**
   * `postgres://user:password@host:port/database?…`. With `?statement_timeout=` and no number the server is not asked to
   * bound statements: some connection poolers refuse that parameter.
   */
  databaseUrl: string
  /** Takes a name as `$1`; answers `password_hash` and, if it likes, `name` (the caller's one name, however the login spelt it), `identity` and `groups` (a text array). */
  usersQuery: string
}

/** A column that a query leaves out is undefined, one without a value null. */
export interface UserRow {
  readonly password_hash: string | null
  readonly name?: string | null
  readonly identity?: string | null
  /** A text array as the driver reads it. */
  readonly groups?: unknown
}

export interface UserRows {
  readonly rows: UserRow[]
  /** Whether the query has the column `name`; undefined where the database refused the name before it looked. */
  readonly hasNames: boolean | undefined
}

/** Columns that a query may have, once. */
const optional = ['name', 'identity', 'groups']

/** A setting is wrong, so retrying does not help. The message names the setting; it contains no secret and nothing that a caller sent. */
export class SettingMistake extends Error {
  constructor (readonly setting: 'DATABASE_URL' | 'USERS_QUERY', message: string) {
    super(message)
  }
}

/**
 * Connections at most. A look-up takes about a millisecond and a password's hash many times as long, so a few are enough.
 * Not more than the failures that open a circuit: after those, each connection that an outage left dead has been found out.
 */
const connections = 5
/** Milliseconds for each step, which is all the time that the circuit gives the whole. */
const stepTime = 800

/**
 * Seconds after which a connection ends once it is free. After a failover the name in DATABASE_URL leads to another server, and the old one may live on
 * as a standby that is never told of a changed password: a connection to it that is always busy would be asked for ever.
 */
const lifetime = 4

/**
 * SQLSTATE classes whose text speaks of the server, the login or the query and is fit for a log, with the setting to
 * look at. The text of others may hold the name that was looked up, or data.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const fitForLog: ReadonlyArray<{ states: RegExp, setting?: SettingMistake['setting'], called?: string }> = [
  { states: /^(28|3D)/, setting: 'DATABASE_URL' },
  // Parameters that a connection pooler does not take, and a query without `$1`.
  { states: /^08P01/, setting: 'DATABASE_URL', called: 'DATABASE_URL or USERS_QUERY' },
  { states: /^42/, setting: 'USERS_QUERY' },
  { states: /^(08|53|57)/ }
]

/** The name is no number, no UUID or whatever the column is, or cannot be stored in the database's encoding. */
const namesNobody = new Set(['22P02', '22003', '22021'])

/** The operator's own query over the operator's own table. */
export class UsersQuery {
  readonly #query: string
  readonly #pool: Pool
  readonly #sockets = new Set<Socket>()

  constructor ({ databaseUrl, usersQuery }: UsersQueryOptions) {
    this.#query = usersQuery
    this.#pool = new Pool({
      connectionString: databaseUrl,
      fallback_application_name: 'twilio-token-broker',
      max: connections,
      maxLifetimeSeconds: lifetime,
      connectionTimeoutMillis: stepTime,
      query_timeout: stepTime,
      // The server's own: without it a statement that waits for a lock holds its session long after we are gone.
      statement_timeout: stepTime,
      keepAlive: true,
      stream: () => this.#socket()
    })
    // A connection that ends while it is idle ends the process when nobody listens. The next look-up opens another one, or says why not.
    this.#pool.on('error', () => {})
  }

  /** Look-ups that wait for a connection. */
  get waiting () {
    return this.#pool.waitingCount
  }

  /** @throws SettingMistake, or Error with what the server or the network said, fit for a log */
  async lookUp (name: string): Promise<UserRows> {
    try {
      const { rows, fields } = await this.#pool.query<UserRow>({ text: this.#query, values: [name], types: asWritten })
      const count = (column: string) => fields.filter(({ name }) => name === column).length
      if (count('password_hash') !== 1) throw new SettingMistake('USERS_QUERY', 'USERS_QUERY must answer one column named password_hash')
      for (const column of optional) if (count(column) > 1) throw new SettingMistake('USERS_QUERY', `USERS_QUERY answers two columns named ${column}`)
      const groups = fields.find(({ name }) => name === 'groups')
      if (groups !== undefined && !textArrays.has(groups.dataTypeID)) throw new SettingMistake('USERS_QUERY', 'USERS_QUERY must answer groups as a text array; a cast makes one, such as groups::text[]')
      return { rows, hasNames: count('name') === 1 }
    } catch (error) {
      if (error instanceof DatabaseError && namesNobody.has(String(error.code))) return { rows: [], hasNames: undefined }
      throw retold(error)
    }
  }

  /** Look-ups under way end in their time; new ones are refused. */
  async close () {
    if (!this.#pool.ending) await this.#pool.end()
    // The pool has said goodbye; a network that swallows it must not keep the process from ending.
    for (const socket of this.#sockets) socket.destroy()
  }

  #socket () {
    const socket = new Socket()
    this.#sockets.add(socket)
    return socket.once('close', () => this.#sockets.delete(socket))
  }
}

/** Arrays of text, varchar, char and name, by their number in pg_type. All are written alike. */
const TEXT_ARRAY = 1009 as number
const textArrays = new Set([TEXT_ARRAY, 1015, 1014, 1003])

/** Whatever the type of a column, its value as the server writes it: an integer is an identity like any other. An array of texts is a list of them. */
const asWritten = { getTypeParser: (type: number) => textArrays.has(type) ? types.getTypeParser(TEXT_ARRAY) as (value: string) => unknown : (value: string) => value }

/** The driver's errors carry the connection, the query and sometimes data along; what is logged is a sentence. */
function retold (error: unknown): Error {
  if (!(error instanceof DatabaseError)) return error instanceof SettingMistake ? error : new Error(textOf(error))
  const { message } = error
  const code = String(error.code)
  const fit = fitForLog.find(({ states }) => states.test(code))
  if (fit === undefined) return new Error(`PostgreSQL refused USERS_QUERY (SQLSTATE ${code})`)
  const text = `${message} (SQLSTATE ${code})`
  return fit.setting === undefined ? new Error(text) : new SettingMistake(fit.setting, `${fit.called ?? fit.setting}: ${text}`)
}

/** Where a name has several addresses, Node's error has a code and no message. */
function textOf (error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  return message || String(code)
}

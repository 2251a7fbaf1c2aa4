import t from 'tap'
import type { StartError } from '../../src/server/start-error.js'
import { complete, startBroker } from '../helpers/broker.js'
import { inProcess } from '../helpers/in-process.js'

const rows: Array<{ what: string, settings?: Record<string, string>, dotenv?: string, mistakes: RegExp[] }> = [
  { what: 'a database whose URL cannot be read', settings: { DATABASE_URL_FILE: 'none', USERS_QUERY: 'SELECT $1' }, mistakes: [/^DATABASE_URL_FILE names a file that cannot be read/] },
  { what: 'a login whose URL cannot be read', settings: { LOGIN_URL_FILE: 'none' }, mistakes: [/^LOGIN_URL_FILE names a file that cannot be read/] },
  { what: 'a login that is no URL', settings: { LOGIN_URL: 'nope' }, mistakes: [/^LOGIN_URL must be an http: or https: URL/] },
  { what: 'a database that is no URL', settings: { DATABASE_URL: 'nope', USERS_QUERY: 'SELECT $1' }, mistakes: [/^DATABASE_URL must be a postgres: or postgresql: URL/] },
  { what: 'two stores', settings: { LOGIN_URL: 'http://127.0.0.1:1/', DATABASE_URL: 'postgres://127.0.0.1:1/a', USERS_QUERY: 'SELECT $1' }, mistakes: [/^LOGIN_URL and DATABASE_URL each name a store/] },
  { what: 'a broken line of the database', settings: { USERS_QUERY: 'SELECT $1' }, dotenv: 'DATABASE_URL\n', mistakes: [/^\.env:1 this line is not an assignment/] },
  { what: 'a broken line of the query', settings: { DATABASE_URL: 'postgres://127.0.0.1:1/a' }, dotenv: 'USERS_QUERY\n', mistakes: [/^\.env:1 this line is not an assignment/] },
  { what: 'a broken line of the users file', dotenv: 'USERS_FILE\n', mistakes: [/^\.env:1 this line is not an assignment/] },
  { what: 'a broken line beside a users file that is named', settings: { USERS_FILE: 'none' }, dotenv: 'DATABASE_URL\n', mistakes: [/^\.env:1 this line is not an assignment/, /^none is missing/] },
  { what: 'no users file', mistakes: [/^users\.htpasswd is missing/] }
]

t.test('each mistake has one message, and no other that it causes', async t => {
  for (const { what, settings = {}, dotenv, mistakes } of rows) {
    const files: Record<string, string> = dotenv === undefined ? {} : { '.env': dotenv }
    const { mistakes: ofStart } = await startBroker({ settings, files, users: null }).then(() => { throw new Error('started') }, (error: unknown) => error as StartError)
    t.match(ofStart, mistakes, `start: ${what}`)
    t.equal(ofStart.length, mistakes.length, `start: ${what}`)
    const checked = await inProcess(['check', '--json'], { env: { ...complete, ...settings }, cwd: t.testdir(files) })
    t.equal(checked.code, 78)
    t.strictSame((JSON.parse(checked.out) as { mistakes: string[] }).mistakes.toSorted(), [...ofStart].sort(), `check: ${what}`)
  }
})

t.test('what is set twice in .env, and an auth token, are warnings', async t => {
  const broker = await startBroker({ files: { '.env': 'LOG_LEVEL=info\nTOKEN_TTL=300\nTOKEN_TTL=600\nTWILIO_AUTH_TOKEN=0123456789abcdef0123456789abcdef\n9F86D081884C7D659A2FEAA0C55AD015=x\n9F86D081884C7D659A2FEAA0C55AD015=x\n' }, settings: { LOG_LEVEL: 'info' } })
  t.teardown(broker.close)
  const warnings = [/\.env:3 TOKEN_TTL is set a second time, and this value counts; keep one/, /\.env:6 this name is set a second time/, /TWILIO_AUTH_TOKEN has no use here: it cannot sign access tokens/]
  for (const warning of warnings) t.match(broker.log(), warning)
  t.notMatch(broker.log(), /0123456789abcdef|9F86D081884C7D65/)
  const { out } = await inProcess(['check', '--json'], { env: complete, cwd: broker.folder })
  t.has(JSON.parse(out), {
    right: true,
    diagnostics: [
      { level: 'warning', subject: '.env', code: 'conflict', position: { line: 3 } },
      { level: 'warning', subject: '.env', code: 'conflict', position: { line: 6 } },
      { level: 'warning', subject: 'TWILIO_AUTH_TOKEN', code: 'no-effect' }
    ]
  })
})

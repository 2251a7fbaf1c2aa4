import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import basicAuth from '@fastify/basic-auth'
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import { fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { broker, type BrokerOptions } from '../../src/index.js'
import { complete, type AuditLine } from './broker.js'
import { jsonLines } from './lines.js'

const { PORT, ...embeddable } = complete

/** Settings with which all five products are on, of a broker inside an application. */
export const settings = embeddable

/** Where its token for Video is. */
export const token = '/twilio/token/video'

export interface Embedded extends Partial<Omit<BrokerOptions, 'settings'>> {
  settings?: Record<string, string | number | boolean>
}

export interface ApplicationOptions {
  brokers?: Embedded[]
  server?: Omit<FastifyServerOptions, 'logger'>
  /** Names and passwords. */
  users?: Record<string, string>
  /** Further files of the working directory, by name. */
  files?: Record<string, string>
  /** Whether the application answers preflights itself, for all its paths. */
  preflight?: boolean
  /** Says more of the application before it starts. */
  setUp?: (app: FastifyInstance, brokerOptions: BrokerOptions) => void
  /** Where it listens; by default on a free port. */
  socket?: string
}

/**
 * An application that has all that a broker could collide with: the same plugins, request properties of the same names,
 * hooks, parsers, and handlers of its own.
 */
export async function application ({ brokers = [{}], server = {}, users = { susan: 'secret123' }, files = {}, preflight = true, setUp = () => {}, socket }: ApplicationOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
  let log = ''
  const app: FastifyInstance = fastify({ ...server, logger: { level: 'trace', stream: { write: (line: string) => { log += line } } } })
  await app.register(cors, { origin: '*', preflight })
  await app.register(rateLimit, { max: 100_000 })
  await app.register(basicAuth, { validate: async () => {} })
  for (const name of ['address', 'caller', 'granted']) app.decorateRequest(name, `the application's own ${name}`)
  app.addHook('onRequest', async (_request, reply) => { reply.header('X-Application', 'here') })
  app.addContentTypeParser(['text/plain', 'application/json'], { parseAs: 'string' }, async (_request: unknown, body: string) => ({ parsed: body }))
  app.setErrorHandler((error: Error, _request, reply) => reply.code(418).send({ application: error.message }))
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ application: `no ${request.url}` }))
  app.get('/', async () => ({ application: 'home' }))
  app.post('/echo', async request => request.body)
  app.get('/fails', async () => { throw new Error('the application\'s own') })

  const authenticate = async (username: string, password: string) =>
    Object.hasOwn(users, username) && users[username]!.normalize('NFC') === password.normalize('NFC') ? {} : null
  const usual = { prefix: '/twilio', authenticate, cwd: folder, settings }
  try {
    setUp(app, usual)
    for (const { settings: own, ...options } of brokers) await app.register(broker, { ...usual, ...options, settings: { ...settings, ...own } })
    await app.ready()
  } catch (error) {
    await app.close()
    await rm(folder, { recursive: true })
    throw error
  }
  const url = await app.listen(socket === undefined ? { host: '127.0.0.1', port: 0 } : { path: join(folder, socket) })
  return {
    app,
    url,
    folder,
    log: () => log,
    write: (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 }),
    async audit (name = 'audit.log'): Promise<AuditLine[]> {
      return jsonLines(await readFile(join(folder, name), 'utf8'))
    },
    async close () {
      await app.close()
      await rm(folder, { recursive: true })
    }
  }
}

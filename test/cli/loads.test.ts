import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { complete } from '../helpers/broker.js'
import { good } from '../helpers/made-token.js'

const bin = fileURLToPath(new URL('../../src/bin.js', import.meta.url))

/** Writes the URL of each ES module as it is loaded, and at the end the paths of all CommonJS modules. */
const hook = `
  import { appendFileSync } from 'node:fs'
  export async function load (url, context, next) {
    appendFileSync(process.env.LOADED, url + '\\n')
    return next(url, context)
  }`
const preload = `
  import { appendFileSync } from 'node:fs'
  import { createRequire, register } from 'node:module'
  register(${JSON.stringify(dataUrl(hook))})
  const { cache } = createRequire(${JSON.stringify(import.meta.url)})
  process.on('exit', () => appendFileSync(process.env.LOADED, Object.keys(cache).join('\\n')))`

function dataUrl (code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}

const parser = ['commander', 'fastest-levenshtein']
const validator = ['ajv', 'env-schema', 'fast-deep-equal', 'fast-uri', 'json-schema-traverse', 'typebox']
const grants = ['jsonwebtoken', 'twilio']
const servers = ['@fastify/cors', '@fastify/rate-limit', 'fastify', 'pino', 'prom-client']
const onDemand = ['import-meta-resolve', 'ioredis', 'jose', 'pg', 'piscina', 'pino-pretty', 'undici', 'yaml']

interface Row {
  args: string[]
  env?: Record<string, string>
  status: number
  /** Packages. */
  loads: string[]
  loadsNot: string[]
}

const rows: Record<string, Row> = {
  '--help': { args: ['--help'], status: 0, loads: parser, loadsNot: [...validator, ...grants, ...servers, ...onDemand] },
  explain: { args: ['explain', '20101'], status: 0, loads: parser, loadsNot: [...validator, ...grants, ...servers, ...onDemand] },
  'inspect without settings': { args: ['inspect', good], status: 0, loads: parser, loadsNot: [...validator, ...grants, ...servers, ...onDemand] },
  'inspect with settings': { args: ['inspect', good], env: complete, status: 0, loads: ['typebox'], loadsNot: ['ajv', 'env-schema', ...grants, ...servers, ...onDemand] },
  'check --offline': { args: ['check', '--offline'], env: { ...complete, USERS_FILE: 'users' }, status: 0, loads: [...validator, ...grants], loadsNot: [...servers, ...onDemand] },
  start: { args: [], status: 78, loads: [...validator, ...grants, ...servers], loadsNot: ['commander', ...onDemand] },
  // No machine has this address, so that it ends once the app is there.
  'a start up to its socket': {
    args: [],
    env: { ...complete, USERS_FILE: 'users', AUDIT_LOG: 'audit.log', HOST: '192.0.2.1', INSECURE_HTTP: 'true' },
    status: 78,
    loads: ['fastify', 'piscina'],
    loadsNot: ['commander', '@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', ...onDemand.filter(name => name !== 'piscina')]
  }
}

t.test('a command loads only what it uses', async t => {
  const cwd = t.testdir({ users: 'susan:$2y$10$0DaQsXJgXxgLV.GC15m08uRh/PPW6xkMv7ZmqL3zKzf1HtJRoEoKa\n' })
  const log = join(cwd, 'loaded')
  for (const [name, { args, env, status, loads, loadsNot }] of Object.entries(rows)) {
    const LOADED = `${log} ${name}`
    const run = spawnSync(process.execPath, ['--import', dataUrl(preload), bin, ...args], { cwd, env: { ...env, LOADED }, encoding: 'utf8' })
    t.equal(run.status, status, `${name}: ${run.stderr}`)
    const packages = new Set(readFileSync(LOADED, 'utf8').split('\n').map(packageOf))
    t.strictSame(loads.filter(one => !packages.has(one)), [], `${name} loads them`)
    t.strictSame(loadsNot.filter(one => packages.has(one)), [], `${name} does not load them`)
  }
})

/** TypeBox is bundled into a file of our own. */
function packageOf (module: string): string | undefined {
  return module.endsWith('/src/lib/typebox.js') ? 'typebox' : /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(module)?.[1]
}

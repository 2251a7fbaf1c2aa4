// CPU of a request with a bearer token, new to the broker or remembered, beside one with a remembered password:
// `npm run bench -- bearer [ROUNDS]`. One process, in turns of a second, so that what else the machine does meets all of them.
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { allOn, furnish } from './tokens/folder.js'
import { load, median, table } from './tokens/load.js'
import { broker, start } from './tokens/servers.js'

const rounds = Number(process.argv[2] ?? 20)
/** More than one turn can use: a token that comes a second time would be remembered. */
const tokensPerTurn = 12_000
const issuer = 'https://idp.example.com/'
const folder = await mkdtemp(join(tmpdir(), 'bench-bearer-'))

const keys = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' })
}
const encode = part => Buffer.from(JSON.stringify(part)).toString('base64url')
const iat = Math.floor(Date.now() / 1000)

function tokenOf (alg, jti) {
  const claims = { iss: issuer, aud: 'broker', sub: 'auth0|5f7c8ec7c33c6c004bbafe82', iat, exp: iat + 3600, jti, email: 'susan@example.com', name: 'Susan Example' }
  const signed = `${encode({ alg, typ: 'JWT', kid: alg })}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: keys[alg].privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

const files = {}
for (const alg of Object.keys(keys)) {
  files[alg] = join(folder, alg)
  await writeFile(files[alg], Array.from({ length: tokensPerTurn }, (_, i) => tokenOf(alg, String(i))).join('\n'))
}
files.remembered = join(folder, 'remembered')
await writeFile(files.remembered, tokenOf('RS256', 'remembered'))
await writeFile(join(folder, 'keys.json'), JSON.stringify({ keys: Object.entries(keys).map(([alg, { publicKey }]) => ({ ...publicKey.export({ format: 'jwk' }), kid: alg, alg, use: 'sig' })) }))
await furnish(folder)
const policy = JSON.parse(await readFile(join(folder, 'policy.json'), 'utf8'))
policy.rules.at(-1).who.push('jwt:*')
await writeFile(join(folder, 'policy.json'), JSON.stringify(policy))

const server = await start(broker, folder, { ...allOn, JWT_ISSUER: issuer, JWT_AUDIENCE: 'broker', JWT_KEYS: 'keys.json' })
const bearers = fileURLToPath(new URL('tokens/bearers.lua', import.meta.url))
const kinds = ['remembered Basic', 'RS256', 'ES256', 'remembered bearer']

async function turn (kind) {
  if (kind === 'remembered Basic') return load(server, { seconds: 1 })
  const result = await load(server, { seconds: 1, script: bearers, env: { TOKENS: files[kind === 'remembered bearer' ? 'remembered' : kind] } })
  if (kind !== 'remembered bearer' && result.rate > tokensPerTurn) throw new Error('there were too few tokens for a turn')
  return result
}

/** The broker forgets the tokens that it knows: it has read its keys anew. */
async function forget (times) {
  process.kill(server.pid, 'SIGHUP')
  const taken = async () => (await readFile(join(folder, 'log'), 'utf8')).split('"settings taken"').length > times
  while (!await taken()) await setTimeout(50)
}

for (const kind of kinds) await turn(kind)
const costs = Object.fromEntries(kinds.map(kind => [kind, []]))
for (let round = 0; round < rounds; round++) {
  await forget(round + 1)
  // Each begins in turn: the second finds the machine warmer.
  const order = [...kinds.slice(round % kinds.length), ...kinds.slice(0, round % kinds.length)]
  for (const kind of order) costs[kind].push((await turn(kind)).cpu)
}
await server.stop()
await rm(folder, { recursive: true })

const aims = { RS256: 'at least 0.30', ES256: 'at least 0.22', 'remembered bearer': 'at least 0.80' }
/** Of one round, whose turns are seconds apart. */
const ratio = kind => median(costs['remembered Basic'].map((cost, round) => cost / costs[kind][round]))
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}; ${rounds} rounds of a second each`)
console.log(table(['request', 'CPU s per 10 000', 'requests for the CPU of one by a remembered password', 'aim'],
  kinds.map(kind => [kind, median(costs[kind]).toFixed(2), ratio(kind).toFixed(2), aims[kind] ?? ''])))

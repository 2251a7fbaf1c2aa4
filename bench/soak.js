// Minutes of full load with reloads, a rotated key, a restarted Redis, log rotation, and a tenth of clients that read nothing,
// pipeline, or hang up. Ends well when every token that was returned has its line in the audit, every line its token but where
// such a client left, no request of the others failed, and memory stays flat and bounded.
// `node bench/soak.js [seconds]`; 300 without. All traffic is loopback's.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { allOn, furnish } from './tokens/folder.js'
import { beRude, rudeRoom } from './tokens/rude-clients.js'
import { broker, freePort, secrets, start } from './tokens/servers.js'

const seconds = Number(process.argv[2] ?? 300)
const folder = await mkdtemp(join(tmpdir(), 'soak-'))
await furnish(folder)

const redisPort = await freePort()
const startRedis = () => spawn('redis-server', ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: ['ignore', openSync(join(folder, 'redis.log'), 'a'), 'inherit'] })
let redis = startRedis()

/** Two keys in turn, as an operator rotates them. */
const keys = ['0', '1'].map(digit => ({ TWILIO_API_KEY_SID: `SK${digit.repeat(32)}`, TWILIO_API_KEY_SECRET: `soaksoaksoaksoaksoaksoaksoak00${digit}a` }))
const writeEnv = key => writeFileSync(join(folder, '.env'), Object.entries({ ...secrets, ...allOn, ...key, REDIS_URL: `redis://127.0.0.1:${redisPort}` }).map(([name, value]) => `${name}=${value}\n`).join(''))
writeEnv(keys[0])
const server = await start({ ...broker, fromEnvFile: true }, folder)

const agent = new Agent({ keepAlive: true })
const bodies = ['{"room":"My Room"}', '{"room":"susan:1"}', '{"room":"My Room","ttl":600}']
const returned = new Map()
const returnedToRude = new Map()
const failures = new Map()
let answered = 0

function ask (body) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, method: 'POST', path: '/token/video', agent, headers: { Authorization: `Basic ${btoa('susan:secret123')}`, 'Content-Type': 'application/json', 'Content-Length': body.length } }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += chunk }).on('end', () => resolve({ status: response.statusCode, text })).on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

const count = (map, key, by = 1) => map.set(key, (map.get(key) ?? 0) + by)
const sha256 = text => createHash('sha256').update(text).digest('hex')

async function client (until) {
  for (let i = 0; performance.now() < until; i++) {
    const { status, text } = await ask(bodies[i % bodies.length]).catch(error => ({ status: error.code, text: '' }))
    answered++
    if (status === 200) count(returned, sha256(JSON.parse(text).token))
    else count(failures, status)
  }
}

const disturbances = [
  // Every few seconds, another: whether it fails a request is the question.
  round => writeEnv(keys[round % 2]),
  () => process.kill(server.pid, 'SIGHUP'),
  round => {
    renameSync(join(folder, 'audit.log'), join(folder, `audit.${round}.log`))
    process.kill(server.pid, 'SIGHUP')
  },
  async () => {
    redis.kill('SIGKILL')
    await once(redis, 'exit')
    await setTimeout(1000)
    redis = startRedis()
  }
]

const memory = []
async function disturb (until) {
  for (let round = 0; performance.now() < until; round++) {
    await setTimeout(Math.min(2500, seconds * 100))
    await disturbances[round % disturbances.length](Math.floor(round / disturbances.length))
    memory.push({ at: performance.now(), mb: server.memory() })
  }
}

const began = performance.now()
const until = began + seconds * 1000
// There is one rude client of each kind.
const [rude] = await Promise.all([
  beRude(server.port, until, token => count(returnedToRude, sha256(token))),
  ...Array.from({ length: 27 }, () => client(until)),
  disturb(until)
])
agent.destroy()
await server.stop()
redis.kill()

const written = new Map()
const writtenForRude = new Map()
const logs = readdirSync(folder).filter(name => name.startsWith('audit.'))
for (const line of logs.flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n')).filter(Boolean)) {
  const { event, tokenSha256, grants } = JSON.parse(line)
  if (event === 'token.issued') count(grants.video.room === rudeRoom ? writtenForRude : written, tokenSha256)
}
const withoutLine = (returned, written) => [...returned].filter(([hash, times]) => (written.get(hash) ?? 0) < times).length
const missing = withoutLine(returned, written) + withoutLine(returnedToRude, writtenForRude)
const sum = map => [...map.values()].reduce((a, b) => a + b, 0)
const mean = (from, to) => {
  const part = memory.filter(({ at }) => at >= began + from * 1000 && at < began + to * 1000)
  return part.reduce((total, { mb }) => total + mb, 0) / part.length
}
/** MB; under full load it settles at about 300. */
const most = 450
const peak = Math.max(...memory.map(({ mb }) => mb))
const growth = seconds >= 180 ? mean(seconds - 60, seconds) / mean(60, 120) - 1 : undefined
console.log(`${answered} requests in ${seconds} s, ${memory.length} disturbances, ${logs.length} audit files`)
console.log(`tokens returned ${sum(returned)}, lines written ${sum(written)} (one of them for the start's own probe), tokens without a line ${missing}`)
console.log(`rude clients: ${Object.entries(rude).map(([habit, connections]) => `${habit} ${connections}`).join(', ')} connections; ${sum(returnedToRude)} tokens returned, ${sum(writtenForRude)} lines written`)
console.log(`errors ${sum(failures)}${sum(failures) > 0 ? `: ${JSON.stringify([...failures])}` : ''}`)
console.log(`memory at most ${peak.toFixed(0)} MB (aim: ${most})`)
if (growth !== undefined) console.log(`memory in the last minute against the second: ${(growth * 100).toFixed(1)} % (aim: within 5 %)`)
// The probe of the start got one, too, before anybody counted.
const good = missing === 0 && sum(written) === sum(returned) + 1 && failures.size === 0 && peak < most && (growth === undefined || Math.abs(growth) <= 0.05)
if (good) await rm(folder, { recursive: true })
else console.log(`see ${folder}`)
process.exitCode = good ? 0 : 1

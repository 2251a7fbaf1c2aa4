// How soon a command or a start answers: `npm run bench -- start [TURNS]`. Commands by CPU time beside Node itself, which does
// nothing; a start to its first 200 beside bare Fastify's. Short turns, one after the other, and the median of each.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMint } from '../dist/src/tokens/mint.js'
import { allOn, furnish } from './tokens/folder.js'
import { median, table } from './tokens/load.js'
import { bare, broker, secrets, start } from './tokens/servers.js'

const turns = Number(process.argv[2] ?? 15)
if (!Number.isSafeInteger(turns) || turns < 1) {
  console.error('Usage: npm run bench -- start [TURNS]')
  process.exit(2)
}
const program = fileURLToPath(new URL('../bin.js', import.meta.url))
const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_API_KEY_SID: keySid, TWILIO_API_KEY_SECRET: keySecret } = secrets
const { token } = createMint({ accountSid, keySid, keySecret }).sign({ identity: 'susan', ttl: 3600, grants: [{ key: 'video', toPayload: () => ({}) }] })

const folder = await mkdtemp(join(tmpdir(), 'bench-start-'))
await furnish(folder, { rules: 1 })

/** Each with its arguments for Node, and the aim: times the CPU of Node itself. */
const commands = {
  'node -e 0': { args: ['-e', '0'] },
  '--help': { args: [program, '--help'], aim: 3 },
  'explain 20101': { args: [program, 'explain', '20101'], aim: 3 },
  'inspect, no settings': { args: [program, 'inspect', token], settings: {}, aim: 3 },
  inspect: { args: [program, 'inspect', token], aim: 3 },
  'check --offline': { args: [program, 'check', '--offline'], aim: 5 }
}

/** Milliseconds of CPU that a command takes, in user and in system mode. bash measures it, as Node does not say it of its children. */
function cpuOf ({ args, settings = { ...secrets, ...allOn } }) {
  const { status, stderr } = spawnSync('bash', ['-c', 'TIMEFORMAT="CPU %U %S"; time "$@" >/dev/null 2>errors', 'bash', process.execPath, ...args], { cwd: folder, env: { ...process.env, ...settings }, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`)
  const [, user, system] = /^CPU (\S+) (\S+)$/m.exec(stderr)
  return (Number(user) + Number(system)) * 1000
}

const spent = new Map(Object.keys(commands).map(name => [name, []]))
const starts = new Map([broker, bare].map(server => [server, { ms: [], cpu: [] }]))
try {
  await writeFile(join(folder, 'audit.log'), '')
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, command] of Object.entries(commands)) spent.get(name).push(cpuOf(command))
    for (const [which, { ms, cpu }] of starts) {
      const server = await start(which, folder, which === broker ? allOn : { TOKEN_LENGTH: String(token.length) })
      ms.push(server.startMs)
      cpu.push(server.cpu() * 1000)
      await server.stop()
    }
  }
} finally {
  await rm(folder, { recursive: true })
}

const times = (numbers, others) => median(numbers.map((one, turn) => one / others[turn])).toFixed(2)
console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}; ${turns} turns, medians\n`)
console.log(table(['command', 'CPU, ms', 'times node -e 0', 'aim, at most'], [...spent].map(([name, ms]) =>
  [name, median(ms).toFixed(0), times(ms, spent.get('node -e 0')), commands[name].aim ?? ''])))
const [own, other] = [starts.get(broker), starts.get(bare)]
console.log(`\n${table(['start to the first 200', 'broker, all on', 'bare Fastify', 'ratio', 'aim, at most'], [
  ['time, ms', median(own.ms).toFixed(0), median(other.ms).toFixed(0), times(own.ms, other.ms), 2],
  ['CPU, ms', median(own.cpu).toFixed(0), median(other.cpu).toFixed(0), times(own.cpu, other.cpu), '']
])}`)

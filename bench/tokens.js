// Tokens a second of the broker with everything on, beside a bare Fastify route and what people run today. One run,
// interleaved rounds, medians; all traffic is loopback's. `--short` only shows that it runs.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { allOn, furnish } from './tokens/folder.js'
import { load, median, spread, table } from './tokens/load.js'
import { loadCold, writeColdUsers } from './tokens/cold.js'
import { compileGo } from './tokens/go.js'
import { bare, broker, brokerWithLog, express, flask, plugins, post, start } from './tokens/servers.js'

const short = process.argv.includes('--short')
const rounds = short ? 1 : 12
const seconds = 1
const connections = short ? [16] : [1, 16, 256]

const has = (command, ...args) => spawnSync(command, args).status === 0
const others = [express]
if (existsSync('/usr/bin/gunicorn') && has('/usr/bin/python3', '-c', 'import flask, twilio')) others.push(flask)

const folder = await mkdtemp(join(tmpdir(), 'bench-tokens-'))
await furnish(folder)
const usersFile = await writeColdUsers(folder, rounds)
const go = short ? undefined : compileGo(folder)

// From process start to the first 200, in turns.
const starts = { [broker.name]: [], [bare.name]: [] }
for (let round = 0; round < rounds; round++) {
  for (const [which, env] of [[broker, allOn], [bare, { TOKEN_LENGTH: '500' }]]) {
    const server = await start(which, folder, env)
    starts[which.name].push(server.startMs)
    await server.stop()
  }
}

const first = await start(broker, folder, allOn)
const { length } = (await post(first.port)).body.token
const servers = [first, await start(bare, folder, { TOKEN_LENGTH: String(length) })]
for (const other of others) servers.push(await start(other, folder))
const behindPlugins = await start(plugins, folder, { TOKEN_LENGTH: String(length) })
const withLog = await start(brokerWithLog, folder, { ...allOn, LOG_LEVEL: 'debug', AUDIT_LOG: 'audit-with-log.log' })
servers.push(behindPlugins, withLog)
if (go !== undefined) servers.push(await start({ ...go, name: `${go.name}, passwords remembered` }, folder, { USERS_FILE: usersFile, REMEMBER: '1' }))
const memories = () => new Map(servers.map(server => [server, server.memory()]))
const fresh = memories()
// V8 gives back what a start left behind once nothing has happened for some seconds.
await setTimeout(short ? 1000 : 60_000)
const idle = memories()

// Code that runs for the first time is slow, or after a minute in which V8 forgot it, and an operator's server has run before.
for (const server of servers) await load(server, { seconds: short ? 1 : 4 })
const results = new Map(servers.map(server => [server, new Map(connections.map(atOnce => [atOnce, []]))]))
for (let round = 0; round < rounds; round++) {
  for (const atOnce of connections) {
    for (const server of servers) results.get(server).get(atOnce).push(await load(server, { atOnce, seconds }))
  }
}
const busy = memories()
for (const server of servers) await server.stop()

// First logins, of which each costs a hash of bcrypt.
const cold = []
for (const [which, env] of [[broker, { ...allOn, POLICY_FILE: '', USERS_FILE: usersFile }], ...go === undefined ? [] : [[go, { USERS_FILE: usersFile }]]]) {
  const server = await start(which, folder, env)
  const turns = []
  for (let round = 0; round < rounds; round++) turns.push(await loadCold(server, round))
  await server.stop()
  cold.push([server.name, ...['rate', 'cpuMs'].map(what => median(turns.map(turn => turn[what])).toFixed(1))])
}
await rm(folder, { recursive: true })

const of = (server, atOnce, what) => results.get(server).get(atOnce).map(result => result[what])
const [, limit] = servers
// Of one round, whose turns are a second apart: the machine itself is faster in one minute than in the next.
const ratio = (one, other, atOnce, what) => median(of(one, atOnce, what).map((value, round) => value / of(other, atOnce, what)[round]))
const rows = connections.flatMap(atOnce => servers.map(server => {
  const rate = of(server, atOnce, 'rate')
  return [
    atOnce, server.name, median(rate).toFixed(0), spread(rate),
    ratio(server, limit, atOnce, 'rate').toFixed(2),
    median(of(server, atOnce, 'p50')).toFixed(2), median(of(server, atOnce, 'p99')).toFixed(2), median(of(server, atOnce, 'cpu')).toFixed(2)
  ]
}))
const at = connections.includes(16) ? 16 : connections[0]
const aims = [
  [`tokens a second, of ${plugins.name}`, ratio(first, behindPlugins, at, 'rate'), 'at least 0.90'],
  ['the same with a line of log for each token, too (`LOG_LEVEL=debug`)', ratio(withLog, behindPlugins, at, 'rate'), ''],
  ['tokens a second, of bare Fastify', ratio(first, limit, at, 'rate'), 'at least 0.45'],
  ...servers.slice(2, 2 + others.length).map((other, i) => [`tokens a second, times ${other.name}`, ratio(first, other, at, 'rate'), `at least ${[7, 4][i]}`]),
  ['p99, times bare Fastify', ratio(first, limit, at, 'p99'), 'at most 2'],
  ['resident memory after a minute without requests, MB', idle.get(first), 'at most 80'],
  ['start to first 200, times bare Fastify', median(starts[broker.name].map((ms, round) => ms / starts[bare.name][round])), 'at most 2']
]
const text = `# Results of \`npm run bench\`

${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}, ${process.platform}. The load generator, wrk, shares the cores, so ratios
count and absolute figures do not. ${rounds} interleaved rounds of ${seconds} s each; medians, of ratios those within a round.

${table([`at ${at} connections`, 'measured', 'aim'], aims.map(([what, value, aim]) => [what, value.toFixed(2), aim]))}

By default the broker's log has no line for what is in the audit, and so none for a token, while bare Fastify behind its plugins logs each request: it writes
one line where a broker at \`LOG_LEVEL=debug\` writes two, the audit's and the log's.

${table(['connections', 'server', 'tokens/s', 'spread', 'of bare', 'p50 ms', 'p99 ms', 'CPU s per 10 000'], rows)}

${table(['server', 'memory just started, MB', 'after a minute without requests, MB', 'after the load, MB'], servers.map(server => [server.name, ...[fresh, idle, busy].map(memory => memory.get(server).toFixed(0))]))}

First logins, ${availableParallelism()} at once, each of which costs a hash of bcrypt at cost 10:

${table(['server', 'logins/s', 'CPU ms each'], cold)}
`
console.log(text)
if (!short) await writeFile(new URL('./RESULTS.md', import.meta.url), text)

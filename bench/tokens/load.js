// Load from wrk, and what to make of its numbers.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const lua = fileURLToPath(new URL('./request.lua', import.meta.url))

if (spawnSync('wrk', ['--version']).error) throw new Error('wrk is not installed; on Debian: apt-get install wrk')

/** What a server does with so many connections. Only 200s count: any other answer ends the benchmark. */
export async function load (server, { atOnce = 16, seconds, script = lua, env = {} }) {
  const before = server.cpu?.()
  const wrk = spawn('wrk', ['-t1', `-c${atOnce}`, `-d${seconds}s`, '-s', script, `http://127.0.0.1:${server.port}/token/video`], { env: { ...process.env, ...env } })
  let out = ''
  wrk.stdout.on('data', text => { out += text })
  wrk.stderr.on('data', text => { out += text })
  await new Promise(resolve => wrk.on('close', resolve))
  const found = /^\{.*\}$/m.exec(out)
  if (found === null) throw new Error(`wrk failed: ${out}`)
  const { requests, us, p50, p99, bad } = JSON.parse(found[0])
  if (bad > 0) throw new Error(`${server.name} answered ${bad} of ${requests} requests with something else than 200`)
  return { rate: requests / us * 1e6, p50: p50 / 1000, p99: p99 / 1000, cpu: server.cpu && (server.cpu() - before) / requests * 10_000 }
}

export const median = numbers => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
export const spread = numbers => `${Math.min(...numbers).toFixed(0)}–${Math.max(...numbers).toFixed(0)}`
export const table = (head, rows) => [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

// How each server is started, and what it uses.
import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const here = path => fileURLToPath(new URL(path, import.meta.url))

export const secrets = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_API_KEY_SID: `SK${'0'.repeat(32)}`,
  TWILIO_API_KEY_SECRET: 'benchmarkbenchmarkbenchmark00000'
}

/** The broker with everything on: limits, remembered logins, the folder's users and policy, CORS, the audit and the log in files. */
export const broker = { name: 'twilio-token-broker, all on', command: [process.execPath, here('../../dist/src/bin.js')] }
/** The same with a line of log for each request. */
export const brokerWithLog = { ...broker, name: 'twilio-token-broker, all on, LOG_LEVEL=debug' }
export const bare = { name: 'bare Fastify, same bytes', command: [process.execPath, here('../peers/bare.js')] }
export const plugins = { name: 'bare Fastify behind its plugins, with a log', command: [process.execPath, here('../peers/plugins.js')] }
export const express = { name: 'Express + twilio', command: [process.execPath, here('../peers/express.js')] }
export const flask = {
  name: 'Flask + gunicorn, one worker',
  // Debian's Python, for which Debian's packages are.
  command: ['/usr/bin/python3', '/usr/bin/gunicorn', '--chdir', here('../peers'), '--workers', '1', '--bind', '127.0.0.1:PORT', 'flask_app:app']
}

export async function freePort () {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

export async function post (port, name = 'susan') {
  const response = await fetch(`http://127.0.0.1:${port}/token/video`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${name}:secret123`)}`, 'Content-Type': 'application/json' },
    body: '{"room":"My Room"}'
  })
  return { status: response.status, body: await response.json() }
}

/** Starts one and waits for its first 200. */
export async function start ({ name, command, fromEnvFile = false }, folder, env = {}) {
  const port = await freePort()
  const began = performance.now()
  const [file, ...args] = command.map(part => part.replace('PORT', port))
  const child = spawn(file, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port), ...(!fromEnvFile && secrets), ...env },
    stdio: ['ignore', 'ignore', openSync(join(folder, 'log'), 'a')]
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}; see ${folder}/log`)
    const { status } = await post(port).catch(() => ({}))
    if (status === 200) break
    await setTimeout(2)
  }
  const startMs = performance.now() - began
  return {
    name,
    pid: child.pid,
    port,
    startMs,
    /** Seconds of CPU so far, of the process and its workers. */
    cpu: () => sum(family(child.pid).map(pid => cpuOf(pid))),
    /** Resident memory in MB. */
    memory: () => sum(family(child.pid).map(pid => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024)),
    async stop () {
      child.kill('SIGTERM')
      while (child.exitCode === null && child.signalCode === null) await setTimeout(10)
    }
  }
}

const sum = numbers => numbers.reduce((a, b) => a + b, 0)

function family (pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return [pid, ...children.flatMap(child => family(Number(child)))]
}

function cpuOf (pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  // In ticks of a hundredth of a second: the process's own time, in user and in system mode.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

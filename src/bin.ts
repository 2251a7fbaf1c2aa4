#!/usr/bin/env node
import { setImmediate } from 'node:timers/promises'
import { main } from './cli/main.js'

// The commands take streams, environment and arguments as parameters, so that tests can replace them.
let hasLostOutput = false
// If the reader of a pipe ends, as `head` does, that is not an error; a full disk is. The audit log handles its own errors.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => { hasLostOutput ||= code !== 'EPIPE' })
const code = await main(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr
})
// A failed write is reported in the next turn of the event loop.
await setImmediate()
process.exitCode = hasLostOutput ? 1 : code

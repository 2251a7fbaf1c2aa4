#!/usr/bin/env node
import { setImmediate } from 'node:timers/promises'
import { main } from './cli/main.js'

// The only place where the process itself is touched: everything else is handed what it needs.
let lost = false
// A reader that has had enough, as head has, is no fault; a full disk is. The audit's own sink minds its own.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => { lost ||= code !== 'EPIPE' })
const code = await main(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr
})
// A write that fails says so a tick later.
await setImmediate()
process.exitCode = lost ? 1 : code

#!/usr/bin/env node
import { main } from './cli/main.js'

// The only place where the process itself is touched: everything else is handed what it needs.
process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr
})

#!/usr/bin/env node
// The command twilio-token-broker. In a clone the build makes the program that it starts.
import { existsSync } from 'node:fs'

const program = new URL('dist/src/bin.js', import.meta.url)
if (existsSync(program)) {
  await import(program.href)
} else {
  console.error('This clone is not built yet. Build it, in its folder, by: npm ci')
  process.exitCode = 1
}

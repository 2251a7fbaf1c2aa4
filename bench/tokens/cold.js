// Tokens for callers that log in for the first time: each costs a password hash.
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { hash } from '@node-rs/bcrypt'
import { post } from './servers.js'

/** Of bcrypt; the default of Go's library. */
const COST = 10
const PER_ROUND = 20

/** As many at once as can be hashed at once. */
const atOnce = availableParallelism()

/** Writes a users file of callers who have not logged in. @returns its name */
export async function writeColdUsers (folder, rounds) {
  const line = await hash('secret123', COST)
  const names = ['susan', ...Array.from({ length: rounds * PER_ROUND }, (_, i) => `cold${i}`)]
  await writeFile(join(folder, 'cold.htpasswd'), names.map(name => `${name}:${line}\n`).join(''), { mode: 0o600 })
  return 'cold.htpasswd'
}

/** First logins of a round's callers. @returns how many there are in a second, and what one costs */
export async function loadCold (server, round) {
  const names = Array.from({ length: PER_ROUND }, (_, i) => `cold${round * PER_ROUND + i}`)
  const before = server.cpu()
  const began = performance.now()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (names.length > 0) {
      const { status } = await post(server.port, names.pop())
      if (status !== 200) throw new Error(`${server.name} answered a first login with ${status}`)
    }
  }))
  return { rate: PER_ROUND / (performance.now() - began) * 1000, cpuMs: (server.cpu() - before) / PER_ROUND * 1000 }
}

// What the broker remembers of so many callers, sessions and addresses, in bytes: of each that is kept, and of all together. All but the
// users file is bounded, so that strangers cannot fill the memory.
import { randomBytes, randomUUID, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { IdentityHolders } from '../../dist/src/callers/identity-holders.js'
import { EndedSessions } from '../../dist/src/callers/session/ended.js'
import { ProofKeys } from '../../dist/src/callers/session/proof-keys.js'
import { readProof, readProofHeader } from '../../dist/src/callers/session/proof.js'
import { UsedProofs } from '../../dist/src/callers/session/replay.js'
import { loadUsers } from '../../dist/src/callers/users-file/load.js'
import { VerifiedCache } from '../../dist/src/callers/verified-cache.js'
import { countAddress } from '../../dist/src/http/rate-limit-store.js'
import { MemoryCounters } from '../../dist/src/limits/memory/counters.js'
import { MemoryKnownAddresses } from '../../dist/src/limits/memory/known-addresses.js'
import { furnish } from '../tokens/folder.js'
import { table } from '../tokens/load.js'
import { newPageKey } from '../tokens/page-key.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

/**
 * What is remembered: by the function that `make` returns, which takes a number. After `each` calls it is not yet full. At most `most` calls
 * are made, because keys take long to make.
 */
const kinds = [
  {
    what: 'a remembered password',
    each: 5000,
    make () {
      const passwords = new VerifiedCache({ isCurrent: () => true, cacheMs: 300_000 })
      return n => passwords.set(`caller${n}`, 'a password', { name: `caller${n}`, identity: `caller${n}` })
    }
  },
  {
    what: 'a known address of a caller',
    each: 5000,
    make () {
      const addresses = new MemoryKnownAddresses()
      return n => addresses.add(`caller${n}`, addressOf(n))
    }
  },
  {
    what: 'an identity of the last 24 hours',
    each: 50_000,
    make () {
      const holders = new IdentityHolders(() => false)
      return n => holders.claim({ name: `caller${n}`, identity: `caller${n}` }, `caller${n}`)
    }
  },
  {
    what: 'an address with requests of this minute',
    each: 10_000,
    make () {
      const counters = new MemoryCounters(60_000)
      return n => countAddress(counters, addressOf(n), 120)
    }
  },
  {
    what: 'the key of a session',
    each: 2000,
    most: 20_000,
    make () {
      const keys = new ProofKeys()
      return () => keys.isSigned(signedProof())
    }
  },
  {
    what: 'a used proof of a session',
    each: 100_000,
    make () {
      const proofs = new UsedProofs()
      return () => proofs.use(randomUUID())
    }
  },
  {
    what: 'a session that was signed out',
    each: 50_000,
    make () {
      const ended = new EndedSessions()
      return () => ended.add(randomBytes(12).toString('base64url'), 1000)
    }
  }
]

/** The broker reads no users file above 64 MiB. */
const MOST_USERS = 500_000

export async function printMemory (number) {
  const rows = [await usersOf(Math.min(number, MOST_USERS))]
  for (const kind of kinds) rows.push(await rowOf(kind, number))
  console.log(`\n${table(['remembered', 'bytes each, while all are kept', 'added', 'MB then, in all'], rows)}\n\nAn open session takes no memory: the page holds it.`)
}

async function usersOf (number) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-growth-'))
  await furnish(folder, { users: number, rules: 1 })
  const before = await held()
  const { users } = await loadUsers(join(folder, 'users.htpasswd'), 'users.htpasswd')
  const bytes = await held() - before
  await rm(folder, { recursive: true })
  return row('a user of the users file', bytes / users.callers.size, number, bytes)
}

async function rowOf ({ what, each, most = Infinity, make }, number) {
  const count = Math.min(number, most)
  const empty = await held()
  const add = make()
  for (let n = 0; n < Math.min(each, count); n++) await add(n)
  const some = await held() - empty
  for (let n = each; n < count; n++) await add(n)
  const all = await held() - empty
  // Used once more, so that it is not collected before it is measured.
  await add(0)
  return row(what, some / Math.min(each, count), count, all)
}

/** What went out of use before is collected first, which can take several turns. */
async function held () {
  for (let turn = 0; turn < 4; turn++) {
    gc()
    await nextTurn()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function row (what, each, count, bytes) {
  return [what, each.toFixed(0), count, (bytes / 1e6).toFixed(1)]
}

function addressOf (n) {
  return `${10 + (n >> 24)}.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255}`
}

function signedProof () {
  const { privateKey, jwk } = newPageKey()
  const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk })}.${encode({ htm: 'POST', htu: 'https://tokens.example.com/token/video', iat: 0, jti: randomUUID() })}`
  return readProof(`${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`, readProofHeader)
}

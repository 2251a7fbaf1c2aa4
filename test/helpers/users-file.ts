import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import type { Test } from 'tap'
import type { VerifyHash } from '../../src/callers/passwords/hash-threads.js'
import { HashQueue } from '../../src/callers/passwords/hash-queue.js'
import { usersFileStore, type ReloadResult, type UsersFileStore } from '../../src/callers/users-file/store.js'
import { cheaply } from './cheaply.js'
import { decoyKey } from './decoy-key.js'
import { verifyHash } from './in-thread.js'
import { login } from './login.js'

export const label = 'users.htpasswd'
export const susan = await hash('correct horse', cheaply)
export const juan = await hash('battery staple', cheaply)
/** Without a warning. */
export const strong = '$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
export const both = `susan:${susan}\njuan:${juan}\n`

/** A store over a file of a folder of its own, and what it told of reloads. */
export async function open (t: Test, text: string, name = label, verify: VerifyHash = verifyHash) {
  const dir = t.testdir({ [label]: '' })
  const path = join(dir, name)
  writeFileSync(join(dir, label), text, { mode: 0o600 })
  chmodSync(join(dir, label), 0o600)
  if (name !== label) symlinkSync(label, path)
  const reloads: ReloadResult[] = []
  const queue = new HashQueue()
  const store = await usersFileStore({ path, label, queue, decoyKey, verifyHash: verify, onReload: result => reloads.push(result), pollMs: 20 })
  t.teardown(() => store.close())
  return { dir, path, store, reloads, queue }
}

export const letsIn = async (store: UsersFileStore, name: string, password: string) => await store.verify(name, password, login()) !== null

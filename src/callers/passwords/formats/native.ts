import type * as Argon2 from '@node-rs/argon2'
import type * as Bcrypt from '@node-rs/bcrypt'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Loaded on demand by the hash threads: a broker without hashes of its own need not load them. */
export const argon2 = (): typeof Argon2 => require('@node-rs/argon2')
export const bcrypt = (): typeof Bcrypt => require('@node-rs/bcrypt')

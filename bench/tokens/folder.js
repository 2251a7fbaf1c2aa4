// The working directory of a broker with everything on.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashPassword } from '../../dist/src/callers/passwords/formats.js'

export const allOn = {
  PRODUCTS: 'video',
  USERS_FILE: 'users.htpasswd',
  POLICY_FILE: 'policy.json',
  AUDIT_LOG: 'audit.log',
  CORS_ORIGINS: 'https://app.example.com,https://admin.example.com',
  // Counted as ever; one machine asks for all of them here.
  RATE_LIMIT_MAX: '1000000',
  CALLER_LIMIT_MAX: '1000000'
}

/** @param rules of the policy, of which the last one is susan's */
export async function furnish (folder, { users = 1, rules = 1000 } = {}) {
  const hash = await hashPassword('secret123')
  const others = Array.from({ length: users - 1 }, (_, i) => `caller${i}:${hash}\n`)
  await writeFile(join(folder, 'users.htpasswd'), `${others.join('')}susan:${hash}\n`, { mode: 0o600 })
  const strangers = Array.from({ length: rules - 1 }, (_, i) => ({ who: [`stranger${i}`], allow: { video: { rooms: [`room${i}`] } } }))
  await writeFile(join(folder, 'policy.json'), JSON.stringify({
    rules: [...strangers, { who: ['susan'], allow: { video: { rooms: ['My Room', '{caller}:*'] } } }]
  }))
}

// Writes dist/openapi.json: what a broker with every product that comes with it answers at /openapi.json, for whoever generates a client
// without one that runs. It asks such a broker, so that nothing is described twice.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { hashPassword } from '../../../dist/src/callers/passwords/formats.js'
import { start } from '../../../dist/src/server/start.js'

const sid = prefix => prefix + randomBytes(16).toString('hex')
const password = randomBytes(12).toString('hex')
const cwd = await mkdtemp(join(tmpdir(), 'twilio-token-broker-openapi-'))
await writeFile(join(cwd, 'users.htpasswd'), `build:${await hashPassword(password)}\n`, { mode: 0o600 })

const broker = await start({
  cwd,
  env: {
    TWILIO_ACCOUNT_SID: sid('AC'),
    TWILIO_API_KEY_SID: sid('SK'),
    TWILIO_API_KEY_SECRET: randomBytes(16).toString('hex'),
    TWILIO_CHAT_SERVICE_SID: sid('IS'),
    TWILIO_CONVERSATIONS_SERVICE_SID: sid('IS'),
    PORT: '0',
    LOG_LEVEL: 'silent'
  },
  stdout: new Writable({ write: (_chunk, _encoding, done) => done() }),
  log: { write () {} }
})
const answer = await fetch(`${broker.url}/openapi.json`, { headers: { Authorization: `Basic ${btoa(`build:${password}`)}` } })
const { info: { description, ...info }, 'x-caller': caller, ...document } = await answer.json()
await broker.close()
await rm(cwd, { recursive: true })

// Who may call what is known to a running broker alone.
for (const operation of Object.values(document.paths).flatMap(operations => Object.values(operations))) {
  delete operation['x-allowed']
  delete operation['x-allow']
}
const text = JSON.stringify({ ...document, info: { ...info, description: description.split('. ')[0] + '.' } }, undefined, 1)
await writeFile(new URL('../../../dist/openapi.json', import.meta.url), `${text}\n`)

// An application that has a server and users of its own, and hands out Twilio tokens under /twilio.
//
//   TWILIO_ACCOUNT_SID=AC… TWILIO_API_KEY_SID=SK… TWILIO_API_KEY_SECRET=… npm start
//   curl -u susan:secret123 http://127.0.0.1:3000/twilio/token/video
import { scryptSync, timingSafeEqual } from 'node:crypto'
import { fastify } from 'fastify'
import { broker } from 'twilio-token-broker'

// Stands for the table of users that the application has already.
const hash = (password, salt) => scryptSync(password, salt, 32)
const users = new Map([['susan', { id: 'user-1', salt: 'salt of susan', hash: hash('secret123', 'salt of susan') }]])
const nobody = { salt: 'salt of nobody', hash: hash('', 'salt of nobody') }

/** One hash for each login, whether or not the name exists: an answer that comes sooner tells which names do. */
function authenticate (username, password) {
  const name = username.toLowerCase()
  const user = users.get(name)
  const { salt, hash: right } = user ?? nobody
  const same = timingSafeEqual(hash(password, salt), right)
  // The name is told, as a login may spell it in several ways.
  return user && same ? { name, identity: user.id } : null
}

// The times are against clients that send nothing, or slowly: the sockets are the application's.
const app = fastify({ logger: true, requestTimeout: 10_000, connectionTimeout: 60_000 })

app.get('/', async () => 'The application itself.\n')

let reload = async () => {}
await app.register(broker, {
  prefix: '/twilio',
  settings: {
    TWILIO_ACCOUNT_SID: process.env.TWILIO_ACCOUNT_SID,
    TWILIO_API_KEY_SID: process.env.TWILIO_API_KEY_SID,
    TWILIO_API_KEY_SECRET: process.env.TWILIO_API_KEY_SECRET,
    PRODUCTS: 'video,sync',
    AUDIT_LOG: 'twilio-audit.log'
  },
  authenticate,
  onStart (running) { reload = running.reload }
})

// Signals are the application's, too.
process.on('SIGHUP', () => reload())
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => app.close())

await app.listen({ port: Number(process.env.PORT ?? 3000) })

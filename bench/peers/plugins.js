// The limit behind Fastify's plugins for Basic, CORS and limits, and with a line of log for each request: what these alone cost.
import basicAuth from '@fastify/basic-auth'
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { serve } from './route.js'

const log = pino.destination({ fd: 2, sync: false, minLength: 4096, periodicFlush: 100 })
const app = fastify({ disableRequestLogging: true, loggerInstance: pino({ base: null }, log) })
await app.register(cors, { origin: ['https://app.example.com', 'https://admin.example.com'] })
await app.register(rateLimit, { max: 1_000_000 })
await app.register(basicAuth, {
  validate: (name, password, request, reply, done) => done(name === 'susan' && password === 'secret123' ? undefined : new Error('wrong'))
})
app.addHook('onRequest', (request, reply, done) => app.basicAuth(request, reply, done))
app.addHook('onResponse', (request, reply, done) => {
  request.log.info({ method: request.method, path: request.url, status: reply.statusCode, ms: reply.elapsedTime }, 'request')
  done()
})
await serve(app)

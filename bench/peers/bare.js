// The limit.
import { fastify } from 'fastify'
import { serve } from './route.js'

await serve(fastify())

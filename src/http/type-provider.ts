import type { FastifyTypeProvider } from 'fastify'
import type { Static, TSchema } from '../lib/typebox.js'

/** Derives the types of a route's request and answers from its schemas: `scope.withTypeProvider<TypeBoxTypeProvider>()`. */
export interface TypeBoxTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

import type { FastifyPluginAsync } from 'fastify'
import { defineProduct, Type, type Product } from '../../../src/product.js'

const product = defineProduct({
  name: 'fax',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'fax', toPayload: () => ({}) })
})

let registrations = 0

/** Fails in every app but the first of the process. */
const registersOnce: FastifyPluginAsync = async () => { if (registrations++ > 0) throw new Error('the fax is registered already') }

export default Object.assign(registersOnce, product) as Product

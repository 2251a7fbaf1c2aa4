import type { FastifyPluginAsync } from 'fastify'
import { defineProduct, Type, type Product } from '../../../src/product.js'

const product = defineProduct({
  name: 'fax',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'fax', toPayload: () => ({}) })
})

/** As a product may be that was made for another version of Fastify. */
const neverRegisters: FastifyPluginAsync = async () => { throw new Error('no fax in this building') }

export default Object.assign(neverRegisters, product) as Product

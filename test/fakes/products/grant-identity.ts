import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'fax',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'identity', toPayload: () => ({}) })
})

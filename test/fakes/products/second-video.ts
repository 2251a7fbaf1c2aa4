import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'video',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'fax', toPayload: () => ({}) })
})

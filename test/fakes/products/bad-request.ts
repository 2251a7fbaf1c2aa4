import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'bad-request',
  settings: Type.Object({}),
  request: Type.Object({ number: Type.String({ maxLength: -1 }) }),
  allow: Type.Object({}),
  grant: () => ({ key: 'bad', toPayload: () => ({}) })
})

import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'bad-allow',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({ numbers: Type.Array(Type.String(), { minItems: 1.5 }) }),
  grant: () => ({ key: 'bad', toPayload: () => ({}) })
})

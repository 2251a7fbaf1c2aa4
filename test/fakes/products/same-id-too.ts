import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'same-id-too',
  settings: Type.Object({ SAME_ID_TOO_NUMBER: Type.String({ $id: 'number', pattern: '^[1-9]*$' }) }),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'same', toPayload: () => ({}) })
})

import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'same-id',
  settings: Type.Object({ SAME_ID_NUMBER: Type.String({ $id: 'number', pattern: '^[0-9]*$' }) }),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'same', toPayload: () => ({}) })
})

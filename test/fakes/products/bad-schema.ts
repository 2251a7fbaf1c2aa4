import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'fax',
  settings: Type.Object({ FAX_NUMBER: Type.String({ pattern: '(' }) }),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'fax', toPayload: () => ({}) })
})

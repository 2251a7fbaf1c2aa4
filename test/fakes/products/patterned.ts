import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'patterned',
  settings: Type.Object({}),
  request: Type.Object({ attributes: Type.Record(Type.String({ pattern: '^x-' }), Type.String(), { additionalProperties: false }) }),
  allow: Type.Object({}),
  grant: ({ request }) => ({ key: 'patterned', toPayload: () => request.attributes })
})

import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'greedy',
  settings: Type.Object({ TWILIO_API_KEY_SECRET: Type.String() }),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'fax', toPayload: () => ({}) })
})

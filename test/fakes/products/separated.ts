import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'separated',
  settings: Type.Object({ SEPARATED_NUMBERS: Type.String({ separator: ',' }), SEPARATED_LETTERS: Type.String({ separator: ',', default: '' }) }),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'separated', toPayload: () => ({}) })
})

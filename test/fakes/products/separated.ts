import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'separated',
  settings: Type.Object({ SEPARATED_NUMBERS: Type.String({ separator: ',' }) }),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => ({ key: 'separated', toPayload: () => ({}) })
})

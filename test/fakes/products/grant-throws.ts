import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'fax',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => { throw new Error('the secret of the fax') }
})

/* eslint no-throw-literal: off -- that it can be done is the point */
import { defineProduct, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'fax',
  settings: Type.Object({}),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: () => { throw undefined }
})

const product = new URL('../../src/product.js', import.meta.url).href

/** The fields of a product, each as JavaScript. */
export type Fields = Partial<Record<'name' | 'settings' | 'request' | 'allow' | 'grant' | 'identity' | 'regions', string>>

/** The text of a plugin file of a third party; it differs from one that is right in the fields given. */
export function pluginText (fields: Fields = {}): string {
  const usual = { name: '\'fax\'', settings: 'Type.Object({})', request: 'Type.Object({})', allow: 'Type.Object({})', grant: '() => ({ key: \'fax\', toPayload: () => ({}) })' }
  const definition = Object.entries({ ...usual, ...fields }).map(([field, code]) => `  ${field}: ${code}`).join(',\n')
  return `import { defineProduct, Type } from '${product}'\n\nexport default defineProduct({\n${definition}\n})\n`
}

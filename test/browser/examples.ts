import { readFile } from 'node:fs/promises'
import type { Product } from '../fakes/twilio/verify.js'

export const products = ['voice', 'video', 'sync', 'conversations', 'chat'] as const

/** What a section of the documentation calls the object that it makes. */
const objects: Record<Product, string> = { voice: 'device', video: 'room', sync: 'sync', conversations: 'conversations', chat: 'chat' }

/** The first block of code under a heading of a page of the documentation. */
export async function codeUnder (heading: string, file = 'docs/client.md'): Promise<string> {
  const text = await readFile(file, 'utf8')
  const section = new RegExp(`^## ${heading}$([^]*?)(?=^## |$(?![^]))`, 'm').exec(text)?.[1] ?? ''
  const code = /^```js$([^]*?)^```$/m.exec(section)?.[1]
  if (code === undefined) throw new Error(`${file} shows no code under ${heading}`)
  return code
}

/** The module of a page that does what the documentation says, letter by letter. */
export async function example (product: Product): Promise<string> {
  const heading = product[0]!.toUpperCase() + product.slice(1)
  const lines = [
    withServedClient(await codeUnder('Set up')),
    await codeUnder(heading),
    `globalThis.example = { broker, get sdk () { return ${objects[product]} } }`
  ]
  return lines.join('\n')
}

/** The package's name becomes an address, as a bundler or an import map would see to. */
function withServedClient (code: string): string {
  return code.replace('\'twilio-token-broker/client\'', '\'/client.js\'')
}

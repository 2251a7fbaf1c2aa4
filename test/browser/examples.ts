import { readFile } from 'node:fs/promises'
import { snippetsFor } from '../../src/console/sdk-snippets.js'
import type { Product } from '../fakes/twilio/verify.js'

export const products = ['voice', 'video', 'sync', 'conversations', 'chat'] as const

/** What a section of the documentation calls the object that it makes. */
const objects: Record<Product, string> = { voice: 'device', video: 'room', sync: 'sync', conversations: 'conversations', chat: 'chat' }

/** The code under a heading of the documentation. The package's name becomes an address, as a bundler or an import map would see to. */
export async function codeUnder (heading: string, file = 'docs/client.md'): Promise<string> {
  const text = await readFile(file, 'utf8')
  const section = text.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? ''
  const blocks = [...section.matchAll(/^```jsx?\n([^]*?)^```$/gm)].map(([, code]) => code)
  if (blocks.length === 0) throw new Error(`${file} shows no code under ${heading}`)
  return blocks.join('\n').replace('\'twilio-token-broker-client\'', '\'/client.js\'').replace('\'twilio-token-broker-client/video\'', '\'/client-video.js\'')
}

/** The module of a page that does what the documentation says, letter by letter. */
export async function example (product: Product): Promise<string> {
  const heading = product[0]!.toUpperCase() + product.slice(1)
  return [await codeUnder('Set up'), await codeUnder(heading), exposing(objects[product])].join('\n')
}

/** The same for what is no SDK. */
export async function adaptedExample (): Promise<string> {
  return [await codeUnder('Set up'), await codeUnder('Anything else that takes tokens'), 'globalThis.example = { broker }'].join('\n')
}

/** The same for the README, which shows Voice. */
export async function readmeExample (): Promise<string> {
  return [withoutPackages(await codeUnder('Put it in front of your page', 'README.md')), exposing(objects.voice)].join('\n')
}

/** How the SDKs of script elements stand in for their packages. */
const packages: Array<[imported: string, here: string]> = [
  ["import { TokenBroker } from 'twilio-token-broker/client'", "import { TokenBroker } from '/client.js'"],
  ["import { connect } from 'twilio-token-broker/client/video'", "import { connect } from '/client-video.js'"],
  ["import { Device } from '@twilio/voice-sdk'", 'const { Device } = Twilio'],
  ["import * as Video from 'twilio-video'", 'const { Video } = Twilio'],
  ["import { SyncClient } from 'twilio-sync'", 'const { Client: SyncClient } = Twilio.Sync'],
  ["import { Client } from '@twilio/conversations'", 'const { Client } = Twilio.Conversations'],
  ["import { Client } from 'twilio-chat'", 'const { Client } = Twilio.Chat']
]

const withoutPackages = (code: string) => packages.reduce((text, [imported, here]) => text.replace(imported, here), code)

/** The code that the console shows under a token of one product, or of several. */
export function snippetExample (product: Product, products?: Record<string, object>): string {
  const given = { base: 'https://tokens.example.com/', name: 'susan', ...(products === undefined ? { path: `token/${product}`, body: {} } : { path: 'token', body: { products } }) }
  const { code } = snippetsFor(given).find(({ title }) => title.toLowerCase() === product)!
  return [withoutPackages(code), exposing({ voice: 'device', video: 'room' }[product as string] ?? 'client')].join('\n')
}

/** For the test. Video's object is another one after a while. */
const exposing = (object: string) => `globalThis.example = { broker, get sdk () { return ${object} } }`

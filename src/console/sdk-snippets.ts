import type { Given } from './snippets.js'

/** What one does with the token of one product. */
export interface Snippet {
  title: string
  code: string
}

/** How an SDK takes its token, and is kept in tokens. */
interface Sdk {
  title: string
  imports: string[]
  /**
   * @param token code that gets the token
   * @param asked code for what is asked for, as `keep` takes it
   */
  lines: (token: string, asked: string) => string[]
}

const messages = "client.on('messageAdded', ({ author, body }) => console.log(author, body))"

const sdks: Record<string, Sdk> = {
  voice: {
    title: 'Voice',
    imports: ["import { Device } from '@twilio/voice-sdk'"],
    lines: (token, asked) => [
      `const device = new Device(${token})`,
      `broker.keep(device, ${asked})`,
      "device.on('error', console.error)",
      'device.register()'
    ]
  },
  sync: { title: 'Sync', imports: ["import { SyncClient } from 'twilio-sync'"], lines: clientLines('SyncClient', "client.on('connectionStateChanged', state => console.log(state))") },
  conversations: { title: 'Conversations', imports: ["import { Client } from '@twilio/conversations'"], lines: clientLines('Client', messages) },
  chat: { title: 'Chat', imports: ["import { Client } from 'twilio-chat'"], lines: clientLines('Client', messages) }
}

function clientLines (name: string, last: string): Sdk['lines'] {
  return (token, asked) => [`const client = new ${name}(${token})`, `broker.keep(client, ${asked})`, last]
}

/**
 * Code for a page that asks for the same: for each product, what its SDK needs.
 * @param room the one that the token is for, if it is for one
 */
export function snippetsFor ({ base, path, body, name }: Given, room = 'My Room'): Snippet[] {
  const several = path === 'token' ? Object(body['products']) as Record<string, Record<string, unknown>> : undefined
  const broker = [
    `const credentials = () => (${credentialsFor(name)})`,
    `const broker = new TokenBroker({ url: ${literal(base.replace(/\/$/, ''))}, credentials })`
  ]
  const names = several === undefined ? [path.slice('token/'.length)] : Object.keys(several)
  return names.map(product => {
    const { title, imports, lines } = several === undefined ? ofOne(product, body, room) : ofSeveral(product, several, body, room)
    return { title, code: ["import { TokenBroker } from 'twilio-token-broker/client'", ...imports, '', ...broker, ...lines].join('\n') }
  })
}

/** A page asks its user once: the client opens a session. */
function credentialsFor (name: string | null): string {
  return name === null ? "{ bearer: prompt('Bearer token') }" : `{ username: ${literal(name)}, password: prompt('Password') }`
}

interface Code {
  title: string
  imports: string[]
  lines: string[]
}

function ofOne (product: string, asked: Record<string, unknown>, room: string): Code {
  if (product === 'video') return videoOfOne(asked, room)
  const args = `${literal(product)}${also(asked)}`
  return ofSdk(product, [], args)
}

/** Video's SDK takes no new token: `connect` enters the room again with another one. */
function videoOfOne ({ room: _, ...asked }: Record<string, unknown>, room: string): Code {
  return {
    title: 'Video',
    imports: ["import { connect } from 'twilio-token-broker/client/video'", "import * as Video from 'twilio-video'"],
    lines: roomLines(`await connect(broker, Video, { name: ${literal(room)}, tracks: [] }${also(asked)})`)
  }
}

function roomLines (entered: string): string[] {
  return [
    '// Without tracks: [], camera and microphone come along.',
    `const room = ${entered}`,
    "room.on('participantConnected', ({ identity }) => console.log(identity, 'is here'))"
  ]
}

/** The same token for all of them: `broker.token` asks once for equal requests. */
function ofSeveral (
  product: string,
  products: Record<string, Record<string, unknown>>,
  { products: _, ...asked }: Record<string, unknown>,
  room: string
): Code {
  const first = `const products = ${literal(products)}`
  const args = `products${also(asked)}`
  if (product !== 'video') return ofSdk(product, [first], args)
  return {
    title: 'Video',
    imports: ["import * as Video from 'twilio-video'"],
    lines: [first, ...roomLines(`await Video.connect(await broker.token(${args}), { name: ${literal(room)}, tracks: [] })`)]
  }
}

/** @param args code for what is asked for */
function ofSdk (product: string, before: string[], args: string): Code {
  const token = `await broker.token(${args})`
  if (!Object.hasOwn(sdks, product)) return { title: product, imports: [], lines: [...before, `const token = ${token}`] }
  const { title, imports, lines } = sdks[product]!
  return { title, imports, lines: [...before, ...lines(token, args)] }
}

function also (asked: Record<string, unknown>): string {
  return Object.keys(asked).length === 0 ? '' : `, ${literal(asked)}`
}

/** A value as people write it in code. In a string of JSON a quote has a backslash before it, so keys alone lose theirs. */
function literal (value: unknown): string {
  return typeof value === 'string' && !/['\\\n\r\u2028\u2029]/.test(value)
    ? `'${value}'`
    : JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ').replace(/"([A-Za-z_]\w*)":/g, '$1:')
}

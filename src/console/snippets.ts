/** A token, and how it was asked for. */
export interface Given {
  /** The broker's address, with a slash at its end. */
  base: string
  path: string
  body: Record<string, unknown>
  /** The caller's name; null where it has a bearer token. */
  name: string | null
}

/** What a request may be without. */
type Request = Omit<Given, 'name'> & {
  /** Left out where no credentials are needed. */
  name?: string | null | undefined
  /** Where it is none that curl chooses by itself. */
  method?: string | undefined
}

/** The same request by curl, which asks for the password itself: a command line is for everyone on the machine to read. */
export function curl ({ base, path, body, name, method }: Request): string {
  const parts = ['curl', ...(method === undefined ? [] : ['-X', method]), ...credentialsOf(name), quoted(base + path)]
  if (Object.keys(body).length > 0) parts.push('-H', quoted('Content-Type: application/json'), '-d', quoted(JSON.stringify(body)))
  return parts.join(' ')
}

/** The token comes from a variable of the shell, as a command line is for everyone on the machine to read. */
function credentialsOf (name: Request['name']): string[] {
  if (name === null) return ['-H', '"Authorization: Bearer $TOKEN"']
  return name === undefined ? [] : ['-u', quoted(name)]
}

/** For the shell. */
function quoted (text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`
}

/** How each SDK takes its token, and is kept in tokens: what to import, and what to do. */
const sdks: Record<string, (asked: Record<string, unknown>) => [imports: string, ...lines: string[]]> = {
  voice: asked => [
    "import { Device } from '@twilio/voice-sdk'",
    `const device = new Device(await broker.token('voice'${also(asked)}))`,
    `broker.keep(device, 'voice'${also(asked)})`,
    "device.on('error', console.error)",
    'device.register()'
  ],
  video: ({ room, ...asked }) => [
    "import { connect } from 'twilio-token-broker/client/video'\nimport * as Video from 'twilio-video'",
    `const room = await connect(broker, Video, { name: ${JSON.stringify(room ?? 'My Room')} }${also(asked)})`
  ],
  sync: asked => client("import { SyncClient } from 'twilio-sync'", 'SyncClient', 'sync', asked),
  conversations: asked => client("import { Client } from '@twilio/conversations'", 'Client', 'conversations', asked),
  chat: asked => client("import { Client } from 'twilio-chat'", 'Client', 'chat', asked)
}

function client (imports: string, name: string, product: string, asked: Record<string, unknown>): [string, ...string[]] {
  return [
    imports,
    `const client = new ${name}(await broker.token('${product}'${also(asked)}))`,
    `broker.keep(client, '${product}'${also(asked)})`
  ]
}

function also (asked: Record<string, unknown>): string {
  return Object.keys(asked).length === 0 ? '' : `, ${literal(asked)}`
}

/** JSON as people write it in code. Inside a string a quote has a backslash before it, so only keys lose theirs. */
function literal (value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ').replace(/"([A-Za-z_]\w*)":/g, '$1:')
}

/** Code for a page that asks for the same. */
export function snippet ({ base, path, body, name }: Given): string {
  const [imports, ...lines] = linesFor(path.slice('token/'.length), body)
  return [
    "import { TokenBroker } from 'twilio-token-broker/client'",
    ...(imports === '' ? [] : [imports]),
    '',
    `const broker = new TokenBroker({ url: ${JSON.stringify(base)}, credentials: () => ({ ${name === null ? 'bearer' : 'username, password'} }) })`,
    ...lines
  ].join('\n')
}

/** @param product empty for several in one token */
function linesFor (product: string, body: Record<string, unknown>): [imports: string, ...lines: string[]] {
  if (Object.hasOwn(sdks, product)) return sdks[product]!(body)
  const { products, ...asked } = body
  return ['', product === ''
    ? `const token = await broker.token(${literal(products)}${also(asked)})`
    : `const token = await broker.token('${product}'${also(body)})`]
}

import { test } from 'tap'
import { decide } from '../../../src/policy/decide.js'
import type { CommonRequest } from '../../../src/products/schemas.js'
import { compile } from '../../../src/policy/compile.js'
import { policyReader } from '../../../src/policy/file/read.js'
import type { PolicyFile } from '../../../src/policy/file/schema.js'
import { Problem } from '../../../src/problems.js'
import { builtIn } from '../../../src/products/load.js'
import { random } from '../../helpers/random.js'

// The policy's plain reading: slow, obvious, and written from the documentation alone. It shares no code with the
// broker, so what both say is what the words say.

const ttl = { default: 3600, max: 7200 }
const app = `AP${'0'.repeat(32)}`
const service = `IS${'0'.repeat(32)}`
const settings = {
  TWILIO_TWIML_APP_SID: app,
  TWILIO_SYNC_SERVICE_SID: 'default',
  TWILIO_CHAT_SERVICE_SID: service,
  TWILIO_CONVERSATIONS_SERVICE_SID: service
}

interface Request {
  caller: string
  product: string
  ttl?: number
  identity?: string
  room?: string
  incoming?: boolean
  outgoing?: boolean
  params?: Record<string, string>
}

interface Entry {
  rooms?: string[]
  incoming?: boolean
  outgoing?: boolean
  params?: Record<string, string[]>
}

class Refusal extends Error {}

/** "`*` inside a name matches any run of characters", read one character at a time. */
function fits (pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') return fits(pattern.slice(1), text) || (text !== '' && fits(pattern, text.slice(1)))
  return pattern[0] === text[0] && fits(pattern.slice(1), text.slice(1))
}

/** "`{caller}` … stands for the caller's name, taken literally." Names of this test hold no `*`. */
function fitsOne (patterns: string[], text: string, caller: string): boolean {
  return patterns.some(pattern => fits(pattern.split('{caller}').join(caller).normalize('NFC'), text.normalize('NFC')))
}

function read (policy: PolicyFile, request: Request): object {
  const { caller, product } = request
  const rule = policy.rules.find(({ who }) => who.some(entry => entry.startsWith('group:')
    ? policy.groups![entry.slice('group:'.length)]!.includes(caller)
    : fitsOne([entry], caller, caller)))
  if (rule === undefined) throw new Refusal('no match refuses')

  const identity = request.identity ?? caller
  if (identity !== caller && !fitsOne(rule.identities ?? [], identity, caller)) throw new Refusal('identity')
  const longest = rule.maxTtl ?? ttl.max
  const life = request.ttl ?? Math.min(ttl.default, longest)
  if (life > longest) throw new Refusal('ttl')

  if (!(product in rule.allow)) throw new Refusal(product)
  if (product === 'voice' && /[^A-Za-z0-9_]/.test(identity)) throw new Refusal('voice takes letters, digits and _')
  return { identity, ttl: life, grant: grants[product]!(rule.allow[product]!, request, caller) }
}

const grants: Record<string, (allow: Entry, request: Request, caller: string) => object> = {
  sync: () => ({ service_sid: 'default' }),
  chat: () => ({ service_sid: service }),
  conversations: () => ({ service_sid: service }),
  video: ({ rooms }, { room }, caller) => {
    if (rooms === undefined) return room === undefined ? {} : { room }
    if (room !== undefined) {
      if (!fitsOne(rooms, room, caller)) throw new Refusal('room')
      return { room: room.normalize('NFC') }
    }
    const [only, second] = [...new Set(rooms)]
    if (only === undefined || second !== undefined || only.includes('*')) throw new Refusal('a choice is needed')
    return { room: only.split('{caller}').join(caller).normalize('NFC') }
  },
  voice: (allow, { incoming, outgoing, params }, caller) => {
    const writesOne = allow.incoming !== undefined || allow.outgoing !== undefined
    const mayReceive = writesOne ? allow.incoming === true : true
    const mayCall = writesOne ? allow.outgoing === true : true
    if (incoming && !mayReceive) throw new Refusal('incoming')
    if (outgoing && !mayCall) throw new Refusal('outgoing')
    const receives = incoming ?? mayReceive
    const calls = outgoing ?? mayCall
    if (!receives && !calls) throw new Refusal('neither')
    if (params && !calls) throw new Refusal('params')
    for (const [name, value] of Object.entries(params ?? {})) {
      if (allow.params && !fitsOne(allow.params[name] ?? [], value, caller)) throw new Refusal('params')
    }
    return {
      ...(receives && { incoming: { allow: true } }),
      ...(calls && { outgoing: { application_sid: app, ...(params && { params }) } })
    }
  }
}

// Few letters, so that what is asked for is often allowed. The é of a request may be written as two characters.
const letters = ['a', 'b', '-', 'é']
const names = ['a', 'b', 'ab', 'ba', 'a-b', 'é', 'aé', 'bé-']
const { oneIn, pick, list } = random(20_26)

const text = () => list(1, 3, () => pick(letters)).join('')
const pattern = () => list(1, 3, () => pick([...letters, '*', '{caller}', 'e\u0301'])).join('')
const maybe = <K extends string, V>(name: K, make: () => V) => (oneIn(2) ? { [name]: make() } : {}) as { [key in K]?: V }

const entries: Record<string, () => Entry> = {
  sync: () => ({}),
  chat: () => ({}),
  conversations: () => ({}),
  video: () => maybe('rooms', () => list(0, 3, pattern).concat(list(0, 1, () => pick(['*', 'a*', '{caller}*'])))),
  voice: () => ({
    ...maybe('incoming', () => oneIn(2)),
    ...maybe('outgoing', () => !oneIn(3)),
    ...maybe('params', () => Object.fromEntries(list(0, 2, () => [pick(['To', 'From']), list(0, 2, pattern)])))
  })
}
const productNames = Object.keys(entries)

function somePolicy (): PolicyFile {
  const groups = Object.fromEntries(list(1, 3, () => [pick(['g', 'h', 'i']), list(0, 3, () => pick(names))]))
  const rule = () => ({
    who: list(1, 2, () => oneIn(3) ? `group:${pick(Object.keys(groups))}` : oneIn(3) ? pick(['*', '*', 'a*', '*b', '*é*']) : pick(names)),
    allow: Object.fromEntries(list(2, 8, () => pick(productNames)).map(product => [product, entries[product]!()])),
    ...maybe('maxTtl', () => pick([180, 3000, 86400])),
    ...maybe('identities', () => list(0, 2, pattern))
  })
  return { groups, rules: list(1, 4, rule) }
}

function someRequest (): Request {
  const product = pick(productNames)
  return {
    caller: pick(names),
    product,
    ...(oneIn(5) && { ttl: pick([180, 3600, 7200, 86400]) }),
    ...(oneIn(5) && { identity: oneIn(2) ? pick(names) : text() }),
    ...(product === 'video' && maybe('room', () => oneIn(4) ? text().normalize('NFD') : text())),
    ...(product === 'voice' && {
      ...maybe('incoming', () => oneIn(2)),
      ...maybe('outgoing', () => !oneIn(3)),
      ...maybe('params', () => Object.fromEntries(list(0, 2, () => [pick(['To', 'From']), text()])))
    })
  }
}

test('over 10 000 random policies and requests, the broker grants what the plain reading grants, and refuses what it refuses', async t => {
  const products = await builtIn()
  const reader = policyReader({ enabled: products.values() })
  const counts = { granted: 0, refused: 0 }
  let disagreements = 0

  for (let i = 0; i < 10_000 && disagreements < 5; i++) {
    const file = somePolicy()
    const request = someRequest()
    let expected: object | null = null
    try {
      expected = read(file, request)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }

    // A file's way through the parser takes most of the time, so a part of them goes it.
    const policy = oneIn(20) ? (await reader(`${JSON.stringify(file)}${oneIn(2) ? '\n# YAML' : ''}`, 'policy')).policy! : compile(file)
    const { caller: name, product, ttl: life, identity, ...rest } = request
    let found: object | null = null
    try {
      const asked: CommonRequest = { ttl: life, identity }
      const decision = decide({ policy, ttl }, { name, identity: name }, asked)
      const { grant } = decision.grant({ product: products.get(product)!, settings, request: rest })
      found = { identity: decision.identity, ttl: decision.ttl, grant: JSON.parse(JSON.stringify(grant.toPayload())) }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }

    counts[expected === null ? 'refused' : 'granted']++
    if (JSON.stringify(sorted(found)) === JSON.stringify(sorted(expected))) continue
    disagreements++
    t.same(found, expected, JSON.stringify({ file, request }))
  }
  t.equal(disagreements, 0)
  // A test in which everything is refused would show nothing.
  t.ok(counts.granted > 2000 && counts.refused > 2000, JSON.stringify(counts))
})

function sorted (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, inner]) => [key, sorted(inner)])
}

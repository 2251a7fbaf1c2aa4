import { AnyName } from '../products/schemas.js'
import { Type, type Static } from '../lib/typebox.js'
import { readinessSchema } from './readiness.js'

const Counts = (description: string) => Type.Record(AnyName, Type.Integer(), { description })
const Time = (description: string) => Type.String({ format: 'date-time', description })

/** What happened within a minute, or a quarter of an hour. */
export const slotSchema = Type.Object({
  tokens: Counts('issued, by product; a token for several products counts for each'),
  refusals: Counts('of requests with credentials, by product, whether or not their audit lines could be written; none: they named no enabled product'),
  codes: Counts('the same refusals, by code'),
  logins: Type.Object({
    count: Type.Integer({ description: 'how many' }),
    meanMs: Type.Number({ description: 'milliseconds that one took' }),
    slowestMs: Type.Number({ description: 'milliseconds of the slowest' })
  }, { description: 'sign-ins whose password was not cached' })
})

export type Slot = Static<typeof slotSchema>

const agoSchema = Type.Object({ ...slotSchema.properties, ago: Type.Integer({ description: 'how many before the current one, which is 0' }) })

/** The broker's process that the data is from. */
const nodeSchema = Type.Object({
  id: Type.String({ description: 'another one after each start' }),
  host: Type.String({ description: 'the machine\'s host name' }),
  pid: Type.Integer({ description: 'the process' }),
  version: Type.String({ description: 'of the broker' }),
  since: Time('since when it counts for this view, which is the start of the process unless a reload has turned the view on')
}, { description: 'the process that the data is from' })

export type Node = Static<typeof nodeSchema>

/** A line of the audit, as the log has it. docs/operations.md describes the fields. */
const eventSchema = Type.Object({
  n: Type.Integer({ description: 'counts the lines since the start' }),
  time: Time('when it happened'),
  event: Type.Enum(['token.issued', 'token.refused', 'session.opened', 'session.ended'], { description: 'what happened' }),
  requestId: Type.String({ description: 'as in the answer and the log' }),
  ip: Type.String({ description: 'the address of the client' }),
  origin: Type.Optional(Type.String({ description: 'of the page that sent the request' })),
  caller: Type.Optional(Type.String({ description: 'a name, or hmac: and a keyed hash of one that is not proven' })),
  identity: Type.Optional(Type.String({ description: 'the name inside the token' })),
  products: Type.Optional(Type.Array(Type.String(), { description: 'the names of what was issued or requested' })),
  via: Type.Optional(Type.String({ description: 'how the caller signed in: basic, session, bearer or application' })),
  sessionId: Type.Optional(Type.String({ description: 'of the session that was used, opened or ended' })),
  traceId: Type.Optional(Type.String({ description: 'of the header traceparent' })),
  grants: Type.Optional(Type.Record(AnyName, Type.Object({}), { description: 'as in the token, without the identity' })),
  ttl: Type.Optional(Type.Integer({ description: 'seconds that the token or session lives' })),
  expiresAt: Type.Optional(Time('when the token or session ends')),
  keySid: Type.Optional(Type.String({ description: 'the API key that signed the token' })),
  tokenSha256: Type.Optional(Type.String({ description: 'the SHA-256 of the token' })),
  code: Type.Optional(Type.String({ description: 'of a refusal' })),
  reason: Type.Optional(Type.String({ description: 'why a bearer token was refused' })),
  wouldRefuse: Type.Optional(Type.String({ description: 'what the policy would refuse, were it not in mode: audit' }))
})

const lockSchema = Type.Object({
  caller: Type.String({ description: 'the name where it is known to be a caller\'s, in lower case unless the store is a users file; else hmac: and a keyed hash, as in the events' }),
  address: Type.Optional(Type.String({ description: 'where the name is locked; without it, everywhere except at addresses where it signed in during the last week' })),
  until: Time('when the lock ends')
})

const Reload = (of: string) => Type.Optional(Type.Object({
  taken: Type.Boolean({ description: 'false: it was refused, and the old state stays' }),
  at: Time('when it was read')
}, { description: of }))

/** What `/operator.json` answers. The console's types are derived from it. */
export const operatorDataSchema = Type.Object({
  at: Time('the broker\'s clock'),
  node: nodeSchema,
  readiness: readinessSchema,
  gauges: Type.Record(AnyName, Type.Number(), { description: 'those of /metrics, without token_broker_' }),
  minutes: Type.Array(agoSchema, { description: 'the minutes of the last hour in which something happened' }),
  quarters: Type.Array(agoSchema, { description: 'the same by quarters of an hour, over the last 24 hours' }),
  elapsed: Type.Object({ minute: Type.Number({ description: 'of the minute' }), quarter: Type.Number({ description: 'of the quarter' }) }, { description: 'seconds of the current minute and quarter that have passed' }),
  products: Type.Array(Type.String(), { description: 'that were enabled at some time since the start, in the order of their coming' }),
  locked: Type.Object({
    names: Type.Integer({ description: 'how many names' }),
    locks: Type.Array(lockSchema, { description: 'at most 20: those of callers first, then the last refused one first' })
  }, { description: 'names that are locked now, as too many passwords were wrong, of those whose sign-in this node refused' }),
  reloads: Type.Object({ settings: Reload('of settings and policy'), users: Reload('of the users file'), certificate: Reload('of the certificate') }, { description: 'the last ones' }),
  settings: Type.Record(AnyName, Type.Boolean(), { description: 'whether each setting is set' }),
  values: Type.Record(AnyName, Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
    description: 'the values in force, defaults included, of settings that hold no secret. Of a URL that may hold one, scheme and host; of a SID, its beginning and end'
  }),
  lastEvent: Type.Integer({ description: 'the number of the last event; a page that knows a later one got it before a restart' }),
  events: Type.Array(eventSchema, { description: 'the last lines of the audit, at most 200' })
}, { description: 'What the console shows operators.' })

export type OperatorData = Static<typeof operatorDataSchema>

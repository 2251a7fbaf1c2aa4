import { bearerAge } from '../lib/bearer-limits.js'
import { Type, type Static } from '../lib/typebox.js'
import { regions, tokenLifetime } from '../lib/twilio-limits.js'
import { Sid } from '../products/schemas.js'
import { SECRET_MIN, SECRETS_MAX, sessionLifetime } from './session-limits.js'

const Seconds = (minimum: number, maximum: number, default_?: number) => Type.Integer({
  minimum, maximum, ...(default_ !== undefined && { default: default_ }), description: `a whole number of seconds, ${minimum} to ${maximum}`
})
const Count = (default_: number) =>
  Type.Integer({ minimum: 1, maximum: 1_000_000, default: default_, description: 'a whole number, 1 to 1000000' })
const Flag = (default_: boolean) => Type.Boolean({ default: default_, description: 'true or false' })
const Host = (default_: string) => Type.String({ pattern: '^[0-9A-Za-z.:_-]+$', default: default_, description: 'an IP address or a host name' })
const Port = { minimum: 0, maximum: 65535, description: 'a whole number, 0 to 65535' }
const Text = (description: string) => Type.String({ minLength: 1, description })

/** The users file, if no setting names a store of callers. */
export const defaultUsersFile = 'users.htpasswd'

/** Every setting except those of products. The `description` is the rule, which messages about mistakes contain. */
export const schema = Type.Object({
  TWILIO_ACCOUNT_SID: Sid('AC'),
  TWILIO_API_KEY_SID: Sid('SK'),
  TWILIO_API_KEY_SECRET: Type.String({
    pattern: '^[^\\s"\'`\\u0000-\\u001f\\u007f]+$',
    description: 'the API key\'s secret as Twilio showed it once: without blanks or quotes'
  }),
  TWILIO_REGION: Type.Optional(Type.Enum(regions, { description: 'us1, ie1 or au1' })),
  PRODUCTS: Type.Optional(Text('product names, separated by commas')),
  TOKEN_TTL: Seconds(tokenLifetime.min, tokenLifetime.max, 3600),
  TOKEN_TTL_MAX: Type.Optional(Seconds(tokenLifetime.min, tokenLifetime.max)),
  HOST: Host('127.0.0.1'),
  PORT: Type.Integer({ ...Port, default: 3000 }),
  TLS_CERT_FILE: Type.Optional(Text('the path of a PEM file')),
  TLS_KEY_FILE: Type.Optional(Text('the path of a PEM file')),
  TRUST_PROXY: Type.Optional(Text('IP addresses or CIDR ranges of the proxies in front, separated by commas')),
  INSECURE_HTTP: Flag(false),
  CORS_ORIGINS: Type.Optional(Text('exact origins, separated by commas')),
  PUBLIC_URL: Type.Optional(Text('an http: or https: URL')),
  USERS_FILE: Type.Optional(Text('the path of a users file')),
  DATABASE_URL: Type.Optional(Text('a postgres: or postgresql: URL')),
  USERS_QUERY: Type.Optional(Text('an SQL query that takes the name as $1 and answers password_hash, and also name and identity where they are not what was typed, and groups')),
  LOGIN_URL: Type.Optional(Text('an http: or https: URL')),
  SESSION_TTL: Type.Optional(Type.Integer({
    minimum: 0,
    maximum: sessionLifetime.max,
    not: { minimum: 1, maximum: sessionLifetime.min - 1 },
    description: `a whole number of seconds, ${sessionLifetime.min} to ${sessionLifetime.max}, or 0 for no sessions`
  })),
  SESSION_SECRET: Type.Optional(Type.String({
    pattern: `^\\s*\\S{${SECRET_MIN},}(\\s+\\S{${SECRET_MIN},}){0,${SECRETS_MAX - 1}}\\s*$`,
    description: `one to three secrets of at least ${SECRET_MIN} characters each, separated by blanks: the first signs new sessions, and sessions that any of them signed are valid`
  })),
  JWT_ISSUER: Type.Optional(Text('the identity provider\'s URL, exactly as its tokens write it in iss')),
  JWT_AUDIENCE: Type.Optional(Text('what tokens for this broker have in aud: one or more, separated by commas')),
  JWT_KEYS: Type.Optional(Text('the URL or the file of a JWK Set')),
  JWT_ALGORITHMS: Type.Optional(Text('of RS256, PS256, ES256, ES384 and Ed25519, separated by commas')),
  JWT_NAME: Type.Optional(Text('the name of a claim')),
  JWT_IDENTITY: Type.Optional(Text('the name of a claim, or one claim in braces behind a fixed text, such as idp_{sub}')),
  JWT_GROUPS: Type.Optional(Text('the name of a claim, or a JSON Pointer such as /realm_access/roles')),
  JWT_REQUIRE: Type.Optional(Text('claims and their values, separated by commas, such as azp=web,tenant=7')),
  JWT_TYPE: Type.Optional(Type.Enum(['JWT', 'at+jwt'], { description: 'JWT or at+jwt' })),
  JWT_MAX_AGE: Type.Optional(Seconds(1, bearerAge.max)),
  IDENTITY_FORM: Type.Union([Type.Literal('plain'), Type.Literal('escaped')], { default: 'plain', description: 'plain or escaped' }),
  POLICY_FILE: Type.Optional(Text('the path of a policy file')),
  RATE_LIMIT_MAX: Count(120),
  CALLER_LIMIT_MAX: Count(60),
  LOGIN_FAILURES_MAX: Type.Integer({ minimum: 1, maximum: 1000, default: 5, description: 'a whole number, 1 to 1000' }),
  REDIS_URL: Type.Optional(Text('a redis: or rediss: URL, several of a Redis Cluster separated by commas, or a redis+cluster: or redis+sentinel: URL')),
  REDIS_PREFIX: Type.String({
    pattern: '^[0-9A-Za-z._:/-]{1,100}$', default: 'twilio-token-broker', description: '1 to 100 letters, digits, or characters of . _ : / -'
  }),
  REDIS_CA_FILE: Type.Optional(Text('the path of a PEM file')),
  REDIS_CERT_FILE: Type.Optional(Text('the path of a PEM file')),
  REDIS_KEY_FILE: Type.Optional(Text('the path of a PEM file')),
  REDIS_DOWN: Type.Union([Type.Literal('local'), Type.Literal('closed')], { default: 'local', description: 'local or closed' }),
  AUDIT_LOG: Type.String({ minLength: 1, default: 'stdout', description: 'stdout or the path of a file' }),
  METRICS_PORT: Type.Optional(Type.Integer(Port)),
  METRICS_HOST: Host('127.0.0.1'),
  OPERATORS: Type.Optional(Text('names, separated by commas')),
  CONSOLE: Flag(true),
  LOG_LEVEL: Type.Union(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map(level => Type.Literal(level)), {
    default: 'info', description: 'trace, debug, info, warn, error, fatal or silent'
  }),
  SHUTDOWN_DELAY: Seconds(0, 600, 0)
})

export type Settings = Static<typeof schema>

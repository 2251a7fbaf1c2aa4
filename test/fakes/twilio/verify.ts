import { createHmac } from 'node:crypto'

export type Product = 'voice' | 'video' | 'sync' | 'chat' | 'conversations'

/** Whose tokens are taken: one account, one of its API keys, and the services that are its own. */
export interface Account {
  accountSid: string
  keySid: string
  keySecret: string
  /** The home region of the key, `us1` if left out. Tokens for any other region carry it as `twr`. */
  region?: string
  services: Record<'sync' | 'chat' | 'conversations', readonly string[]>
}

export interface Acceptance {
  accepted: true
  identity: string
  /** The grant of the product that was asked for. */
  grant: Fields
  /** What is left of the token's life, in seconds. */
  ttl: number
}

export interface Refusal {
  accepted: false
  /** Twilio's error code. */
  code: number
  reason: string
}

export type Verdict = Acceptance | Refusal

type Fields = Record<string, unknown>

interface Token {
  header: Fields
  claims: Fields
  grants: Fields
  signed: string
  signature: string
}

interface Wanted {
  product: Product
  account: Account
  /** Seconds since 1970. */
  now: number
}

const longestLife = 86_400
const leeway = 60

const grantKeys: Record<Product, string> = {
  voice: 'voice',
  video: 'video',
  sync: 'data_sync',
  chat: 'chat',
  conversations: 'chat'
}

/** In Twilio's order: who signed it must be known before the signature can be checked, and nothing else counts before that. */
const checks: Array<{ code: number, reason: string, passes: (token: Token, wanted: Wanted) => boolean }> = [
  {
    code: 20102,
    reason: 'the header is not that of an access token',
    passes: ({ header }) => header.alg === 'HS256' && header.typ === 'JWT' && header.cty === 'twilio-fpa;v=1'
  },
  {
    code: 20103,
    reason: 'the token is for another region than its key',
    passes: ({ header }, { account }) => (header.twr ?? 'us1') === (account.region ?? 'us1')
  },
  {
    code: 20103,
    reason: 'the issuer is not a key of this account',
    passes: ({ claims }, { account }) => claims.iss === account.keySid && claims.sub === account.accountSid
  },
  {
    code: 20107,
    reason: 'the signature is not made with the secret of this key',
    passes: ({ signed, signature }, { account }) => signature === hs256(signed, account.keySecret)
  },
  {
    code: 20101,
    reason: 'the times are not whole seconds',
    passes: ({ claims }) => [claims.iat, claims.exp, claims.nbf ?? 0].every(Number.isSafeInteger)
  },
  {
    code: 20104,
    reason: 'the token has expired',
    passes: ({ claims }, { now }) => seconds(claims.exp) > now
  },
  {
    code: 20157,
    reason: 'the token lives longer than a day',
    passes: ({ claims }) => seconds(claims.exp) - seconds(claims.iat) <= longestLife
  },
  {
    code: 20105,
    reason: 'the token is not valid yet',
    passes: ({ claims }, { now }) => seconds(claims.iat) <= now + leeway && seconds(claims.nbf ?? 0) <= now
  },
  {
    code: 20106,
    reason: 'the token has no identity',
    passes: ({ grants }) => identityOf(grants) !== ''
  },
  {
    code: 20106,
    reason: 'the token has no grant for this product',
    passes: ({ grants }, { product }) => isFields(grants[grantKeys[product]])
  },
  {
    code: 51007,
    reason: 'the grant is for another service',
    passes: ({ grants }, { product, account: { services } }) =>
      product === 'voice' || product === 'video' || services[product].some((sid) => sid === grantOf(grants, product).service_sid)
  }
]

/** Judges a token as Twilio does when a browser SDK of that product shows it. */
export function verify (token: unknown, product: Product, account: Account, now = Date.now() / 1000): Verdict {
  const parsed = parse(token)
  if (parsed === undefined) return { accepted: false, code: 20160, reason: 'this is not a JWT' }
  const failed = checks.find(({ passes }) => !passes(parsed, { product, account, now }))
  if (failed !== undefined) return { accepted: false, code: failed.code, reason: failed.reason }
  const { grants, claims } = parsed
  return {
    accepted: true,
    identity: identityOf(grants),
    grant: grantOf(grants, product),
    ttl: Math.floor(seconds(claims.exp) - now)
  }
}

export function hs256 (text: string, secret: string) {
  return createHmac('sha256', secret).update(text).digest('base64url')
}

function parse (token: unknown): Token | undefined {
  const parts = typeof token === 'string' ? token.split('.') : []
  const [header, claims] = [json(parts[0]), json(parts[1])]
  if (parts.length !== 3 || !isFields(header) || !isFields(claims)) return undefined
  return {
    header,
    claims,
    grants: isFields(claims.grants) ? claims.grants : {},
    signed: `${parts[0]}.${parts[1]}`,
    signature: `${parts[2]}`
  }
}

function json (part = ''): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}

function isFields (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function identityOf ({ identity }: Fields) {
  return typeof identity === 'string' ? identity : ''
}

function grantOf (grants: Fields, product: Product) {
  const grant = grants[grantKeys[product]]
  return isFields(grant) ? grant : {}
}

function seconds (claim: unknown) {
  return typeof claim === 'number' ? claim : NaN
}

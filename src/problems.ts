import { STATUS_CODES } from 'node:http'
import { nearestFirst } from './lib/did-you-mean.js'
import { waitingTime } from './lib/waiting-time.js'

/** Every error the API answers: one row a code. `detail` says what happened and what to do; it is fixed text, so it cannot echo input. */
export const problems = {
  'request-invalid': { status: 400, detail: 'The request does not have the form this route takes; see errors.' },
  'credentials-missing': { status: 401, detail: 'This route needs credentials. Send them by one of the schemes that WWW-Authenticate lists.' },
  'credentials-wrong': { status: 401, detail: 'Wrong username or password. Check both, or ask the operator of this broker for a new password.' },
  'session-ended': { status: 401, detail: 'This session has ended. Sign in again.' },
  'proof-stale': { status: 401, detail: 'The time or the nonce of the proof is not current. Make a new proof, with the DPoP-Nonce of this answer and by its time.' },
  'proof-replayed': { status: 401, detail: 'This proof was used before. Make a new one for each request.' },
  'proof-wrong': { status: 401, detail: 'A session needs the header DPoP: a proof (RFC 9449) for this request and this session, signed by the key that it was opened with.' },
  'bearer-wrong': { status: 401, detail: 'This bearer token was not signed by the identity provider of this broker. Sign in there again.' },
  'bearer-expired': { status: 401, detail: 'This bearer token has expired. Get a new one from the identity provider.' },
  'bearer-misdirected': { status: 401, detail: 'This bearer token was signed by the identity provider, but it is not meant for this broker.' },
  'not-allowed': { status: 403, detail: 'The policy does not allow this request.' },
  'origin-refused': { status: 403, detail: 'This page may not request tokens: its origin is not among the broker\'s CORS_ORIGINS, or the request was not made with fetch.' },
  'product-unknown': { status: 404, detail: 'No product of this name is enabled here.' },
  'not-found': { status: 404, detail: 'There is nothing at this address.' },
  'method-not-allowed': { status: 405, detail: 'This address does not take that method; see Allow.' },
  'body-too-large': { status: 413, detail: 'The body may have at most 4096 bytes.' },
  'media-type': { status: 415, detail: 'The body must be JSON in UTF-8, sent as Content-Type: application/json without a Content-Encoding.' },
  'identity-unsuitable': { status: 422, detail: 'The identity does not fit the product.' },
  'rate-limited': { status: 429, detail: 'Too many requests from this address. Try again later.' },
  'login-limited': { status: 429, detail: 'Too many wrong passwords for this name. Try again later, or ask the operator of this broker to unlock the name.' },
  'caller-limited': { status: 429, detail: 'You asked for too many tokens. Try again later.' },
  'headers-too-large': { status: 431, detail: 'The request line and headers may have at most 16 KiB together.' },
  internal: { status: 500, detail: 'The broker failed. The operator finds the cause in its log under this requestId.' },
  'store-unavailable': { status: 503, detail: 'The store of callers cannot be reached, so nobody can sign in. Try again in a few seconds.' },
  'keys-unavailable': { status: 503, detail: 'The keys of the identity provider cannot be reached, so bearer tokens cannot be checked. Try again in a few seconds.' },
  overloaded: { status: 503, detail: 'Too many sign-ins are waiting. Try again in a few seconds.' },
  'audit-unavailable': { status: 503, detail: 'The audit log cannot be written, so no token is issued. Try again in a few seconds.' },
  'limiter-unavailable': { status: 503, detail: 'The shared rate limits cannot be reached. Try again in a few seconds.' }
} as const satisfies Record<string, { status: number, detail: string }>

export type ProblemCode = keyof typeof problems

/**
 * The reason of a refusal in audit, log and metrics: the code of the answer, or `hung-up` if the client disconnected before the answer.
 */
export type RefusalCode = ProblemCode | 'hung-up'

export interface ProblemOptions {
  /** A sentence for the caller that replaces the table's. Must not repeat input. */
  detail?: string
  /** One entry for each property at fault; `path` is a JSON Pointer (RFC 6901) into the body, or starts with `?` for the query. */
  errors?: Array<{ path: string, message: string }>
  /** Seconds, for the Retry-After header. */
  retryAfter?: number
  /** The broker's time in seconds since 1970, for a client whose clock is wrong. */
  now?: number
  /** Headers of the answer, such as Allow. */
  headers?: Record<string, string>
  /** The underlying error; logged, never sent. */
  cause?: unknown
}

/** Equal in all copies of this package. */
const brand = Symbol.for('twilio-token-broker.problem')

/**
 * An error that is sent to the caller as it is. Any other error becomes `internal`. A product may bring its own copy of this package:
 * `instanceof` accepts the problems of every copy.
 */
export class Problem extends Error {
  static override [Symbol.hasInstance] (value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }

  override readonly name = 'Problem'
  readonly [brand] = true
  readonly status: number

  constructor (readonly code: ProblemCode, readonly options: ProblemOptions = {}) {
    super(options.detail ?? problems[code].detail, { cause: options.cause })
    this.status = problems[code].status
  }
}

/** Creates a Problem; throw it to send it. */
export function problem (code: ProblemCode, options?: ProblemOptions): Problem {
  return new Problem(code, options)
}

/**
 * 429; the sentence says how long to wait.
 * @param seconds a whole number, at least 1
 */
export function limited (code: 'rate-limited' | 'login-limited' | 'caller-limited', seconds: number): Problem {
  return problem(code, { retryAfter: seconds, detail: problems[code].detail.replace('later', `in ${waitingTime(seconds)}`) })
}

/** 403 for a property of the request, in a sentence that says why. */
export function notAllowed (property: string, sentence: string): Problem {
  return problem('not-allowed', { detail: `${property}: ${sentence}.`, errors: [{ path: `/${property}`, message: sentence }] })
}

/** The body of an answer: `application/problem+json`, RFC 9457. */
export function problemBody ({ code, status, message, options }: Problem, requestId: string) {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: message,
    code,
    ...(options.errors && { errors: options.errors }),
    ...(options.now !== undefined && { now: options.now }),
    requestId
  }
}

/** The part of an ajv error (with `verbose`) that is read here. */
export interface SchemaError {
  keyword: string
  instancePath: string
  schemaPath: string
  message?: string
  params: { missingProperty?: string, additionalProperty?: string }
  parentSchema?: object
}

/** Lists the properties at fault. Never repeats an unknown name, because it is input: lists the known names instead. */
export function invalidRequest (errors: SchemaError[], context: string): Problem {
  const inQuery = context === 'querystring'
  const found = new Map<string, SchemaError[]>()
  for (const error of errors) {
    const { instancePath, schemaPath, params: { missingProperty } } = error
    const path = (inQuery ? '?' : declared(instancePath, schemaPath)) + (missingProperty === undefined ? '' : `/${missingProperty}`)
    found.set(path, [...found.get(path) ?? [], error])
  }
  return problem('request-invalid', { errors: Array.from(found, ([path, faults]) => ({ path, message: messageOf(faults, inQuery) })) })
}

/** The path as far as the schema names it: the keys of a free-form object are input. */
function declared (instancePath: string, schemaPath: string): string {
  const segments = instancePath.split('/').slice(1)
  const free = segments.findIndex(segment => !schemaPath.includes(`/properties/${segment}/`))
  return segments.slice(0, free === -1 ? segments.length : free).map(segment => `/${segment}`).join('')
}

/** The first fault of a property. Unknown properties of one object are one fault. */
function messageOf (faults: SchemaError[], inQuery: boolean): string {
  const { keyword, message = 'is invalid', parentSchema } = faults[0]!
  return keyword === 'additionalProperties' ? unknown(faults.map(({ params }) => String(params.additionalProperty)), parentSchema, inQuery) : message
}

function unknown (names: string[], schema: object | undefined, inQuery: boolean): string {
  const { properties, description } = schema as { properties?: object, description?: string }
  // A map whose names follow a pattern has none to list.
  if (properties === undefined) return 'has an unknown property'
  const known = Object.keys(properties)
  if (known.length > 0) return `has an unknown property; known are ${nearestFirst(names, known).join(', ')}`
  return inQuery && description !== undefined ? description : 'nothing is taken here'
}

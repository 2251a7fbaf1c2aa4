export interface BrokerErrorOptions {
  code: string
  requestId?: string | undefined
  cause?: unknown
  retryAfter?: number | undefined
}

/** Why there is no token. `message` and `detail` are one sentence for a person to read; it never holds a password. */
export class BrokerError extends Error {
  override readonly name: string = 'BrokerError'
  readonly detail: string
  /** What a program goes by: the broker's code, or one of `no-answer`, `not-the-broker`, `credentials-missing`. */
  readonly code: string
  /** Under which the operator finds the request in the broker's log and audit. Absent where the broker did not answer. */
  readonly requestId: string | undefined

  constructor (detail: string, { code, requestId, cause }: BrokerErrorOptions) {
    super(detail, { cause })
    this.detail = detail
    this.code = code
    this.requestId = requestId
  }
}

/** The name and password are wrong, or there are none: ask for them. */
export class SignInError extends BrokerError {
  override readonly name = 'SignInError'
}

/** The caller may not have what was asked for: show `detail`. To ask again changes nothing. */
export class RefusedError extends BrokerError {
  override readonly name = 'RefusedError'
}

/** Nobody could answer right now; the same request may do later. */
export class RetryError extends BrokerError {
  override readonly name = 'RetryError'
  /** Seconds to wait at least, where the broker said so. */
  readonly retryAfter: number | undefined

  constructor (detail: string, options: BrokerErrorOptions) {
    super(detail, options)
    this.retryAfter = options.retryAfter
  }
}

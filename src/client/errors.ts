export interface BrokerErrorOptions {
  code: string
  requestId?: string | undefined
  cause?: unknown
  retryAfter?: number | undefined
}

/** Why there is no token. `message` and `detail` are one sentence for a person to read; it never holds a password. */
export class BrokerError extends Error {
  override readonly name: string = 'BrokerError'
  declare readonly detail: string
  /** What a program goes by: the broker's code, or one of `no-answer`, `not-the-broker`, `credentials-missing`, `sdk-failed`. */
  declare readonly code: string
  /** Under which the operator finds the request in the broker's log and audit. Absent where the broker did not answer. */
  declare readonly requestId: string | undefined
  /** Seconds to wait at least, where the broker said so. */
  declare readonly retryAfter: number | undefined

  constructor (detail: string, options: BrokerErrorOptions) {
    super(detail, options)
    Object.assign(this, options, { detail })
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
  override readonly name: string = 'RetryError'
}

/** Too many wrong passwords: until then the broker takes none for this name from this address, not even the right one. */
export class LockedError extends RetryError {
  override readonly name: string = 'LockedError'
  /** By the device's clock. */
  readonly until = new Date(Date.now() + (this.retryAfter ?? 900) * 1000)
}

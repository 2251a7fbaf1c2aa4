/** The properties of a `BrokerError`. `retryAfter` is in seconds. */
export interface BrokerErrorOptions {
  code: string
  requestId?: string | undefined
  cause?: unknown
  retryAfter?: number | undefined
}

/** Why there is no token. `message` and `detail` are the same sentence for people; it never contains a password. */
export class BrokerError extends Error {
  override readonly name: string = 'BrokerError'
  declare readonly detail: string
  /** For programs: the broker's code, or one of `no-answer`, `not-the-broker`, `credentials-missing`, `sdk-failed`. */
  declare readonly code: string
  /** Identifies the request in the broker's log and audit. Undefined if the broker did not answer. */
  declare readonly requestId: string | undefined
  /** Minimum seconds to wait, if the broker said so. */
  declare readonly retryAfter: number | undefined

  constructor (detail: string, options: BrokerErrorOptions) {
    super(detail, options)
    Object.assign(this, options, { detail })
  }
}

/** Name or password is wrong or missing: ask the user for them. */
export class SignInError extends BrokerError {
  override readonly name = 'SignInError'
}

/** The caller is not allowed what was requested: show `detail`. Retrying does not help. */
export class RefusedError extends BrokerError {
  override readonly name = 'RefusedError'
}

/** A temporary failure: the same request may succeed later. */
export class RetryError extends BrokerError {
  override readonly name: string = 'RetryError'
}

/** Too many wrong passwords: until `until`, the broker refuses every password for this name from this address, even the right one. */
export class LockedError extends RetryError {
  override readonly name: string = 'LockedError'
  /** By the device's clock. */
  readonly until = new Date(Date.now() + (this.retryAfter ?? 900) * 1000)
}

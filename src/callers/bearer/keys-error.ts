/** Says to the operator why there are no keys. The message follows "the keys of JWT_ISSUER cannot be read: ". */
export class KeysError extends Error {
  override readonly name = 'KeysError'

  /**
   * @param kind `mistake`: the settings are wrong, so a start fails. `wrong`: the provider's answer is unusable. `unreachable`: the
   * provider does not answer. The last two may end without anybody doing anything
   */
  constructor (message: string, readonly kind: 'mistake' | 'wrong' | 'unreachable' = 'wrong') {
    super(message)
  }

  /** Turns every other error into one of the kind `unreachable`. */
  static of (error: unknown): KeysError {
    return error instanceof KeysError ? error : new KeysError(String(error), 'unreachable')
  }
}

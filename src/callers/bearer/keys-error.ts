/** Why there are no keys, in words for the operator: they follow "the keys of JWT_ISSUER cannot be read: ". */
export class KeysError extends Error {
  override readonly name = 'KeysError'

  /**
   * @param kind whether the settings are wrong, so that a start has to fail; or the provider answers something that is no use; or it does not
   * answer. The last two may pass by themselves
   */
  constructor (message: string, readonly kind: 'mistake' | 'wrong' | 'unreachable' = 'wrong') {
    super(message)
  }

  /** What anything that was thrown means for the keys. */
  static of (error: unknown): KeysError {
    return error instanceof KeysError ? error : new KeysError(String(error), 'unreachable')
  }
}

/** Why there are no keys, in words for the operator: they follow "the keys of JWT_ISSUER cannot be read: ". */
export class KeysError extends Error {
  override readonly name = 'KeysError'

  /** @param isMistake whether the settings are wrong, so that a start has to fail; else it may be an outage */
  constructor (message: string, readonly isMistake = false) {
    super(message)
  }
}

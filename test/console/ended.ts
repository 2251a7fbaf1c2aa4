import { token } from '../helpers/made-token.js'

/** A token that ended in 2023 and is signed by an account. */
export const ended = token({ claims: { iat: 1_700_000_000, exp: 1_700_003_600 } })

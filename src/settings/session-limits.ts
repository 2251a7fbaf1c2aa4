/** Allowed values of SESSION_TTL, in seconds; 0 turns sessions off. */
export const sessionLifetime = { min: 300, max: 604_800, default: 43_200 } as const

/** The current secret and two older ones. */
export const SECRETS_MAX = 3

/** Minimum number of characters of a secret. */
export const SECRET_MIN = 32

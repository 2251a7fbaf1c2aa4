/** Seconds of a session's life that may be set; 0 is no sessions. */
export const sessionLife = { min: 300, max: 604_800, default: 43_200 } as const

/** Secrets at most: the one that seals, and two from before it. */
export const SECRETS_MAX = 3

/** Characters of a secret at least. */
export const SECRET_MIN = 32

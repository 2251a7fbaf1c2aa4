/** Seconds: the default and the maximum of JWT_MAX_AGE. */
export const bearerAge = { default: 86_400, max: 31_536_000 } as const

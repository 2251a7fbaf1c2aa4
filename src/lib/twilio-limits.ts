/** How many seconds a token may live: https://www.twilio.com/docs/iam/access-tokens */
export const tokenLifetime = { min: 180, max: 86_400 } as const

/** https://www.twilio.com/docs/global-infrastructure */
export const regions = ['us1', 'ie1', 'au1'] as const

export type Region = typeof regions[number]

export function isRegion (value: unknown): value is Region {
  return regions.includes(value as Region)
}

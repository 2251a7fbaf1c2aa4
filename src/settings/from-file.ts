import type { Settings } from './schema.js'

/** Settings that may be given as `<NAME>_FILE`, the way containers mount secrets. */
export const fromFile = [
  'TWILIO_ACCOUNT_SID', 'TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET', 'DATABASE_URL', 'REDIS_URL', 'LOGIN_URL', 'SESSION_SECRET'
] as const satisfies Array<keyof Settings>

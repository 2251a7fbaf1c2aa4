import { tokenLifetime } from '../../lib/twilio-limits.js'
import { fresh } from './code.js'
import { shown, type Json } from './json.js'
import { notRead, SECONDS, type TokenFacts, type Group } from './rule.js'
import { unitOf } from './units.js'

/** Seconds since 1970, in the year 2001. A smaller number is a duration, or comes from a clock that was never set. */
const MIN_DATE = 1e9

const CLOCK_TOLERANCE_SECONDS = 5

const times = ['iat', 'nbf', 'exp']
const inOtherUnits = (claims: Json): string[] => times.filter(name => unitOf(claims[name]) !== undefined)

/** Returns NaN for anything but seconds: comparisons are then false, and another rule reports the value. */
const seconds = (value: unknown): number => typeof value === 'number' && unitOf(value) === undefined ? value : NaN
const date = (value: unknown): number => seconds(value) >= MIN_DATE ? seconds(value) : NaN

/** The time of issue. Tokens of Twilio's Python library have only nbf. */
const start = ({ claims: { iat, nbf } }: TokenFacts): number => date(iat === undefined ? nbf : iat)
const lifetime = (found: TokenFacts): number => date(found.claims.exp) - start(found)
const hasOnlyNbf = ({ claims: { iat, nbf }, now }: TokenFacts): boolean => iat === undefined && date(nbf) <= now

const units: Array<[seconds: number, name: string]> = [[63_072_000, 'years'], [172_800, 'days'], [7200, 'hours'], [120, 'minutes'], [0, 'seconds']]
const perUnit: Record<string, number> = { years: 31_536_000, days: 86_400, hours: 3600, minutes: 60, seconds: 1 }
const ago = (duration: number): string => {
  const [, name] = units.find(([least]) => duration >= least)!
  return `${Math.round(duration / perUnit[name]!)} ${name}`
}

const counts = ({ claims }: TokenFacts): string => {
  const names = inOtherUnits(claims)
  return `${names.join(' and ')} ${names.length > 1 ? 'count' : 'counts'} ${unitOf(claims[names[0]!])}; Twilio wants seconds since 1970`
}

const numberOf = (name: string, rest = '') => ({ claims }: TokenFacts) => `${name} is ${shown(JSON.stringify(claims[name]))}; it must be a number of seconds since 1970${rest}`

const END = 'Write exp = iat + ttl, in seconds since 1970.'
const ISSUED = `Write the time of issue as iat, in ${SECONDS}.`
const UNIT = `Write times in ${SECONDS}; exp = iat + ttl.`

/** Rules about the times of validity. */
export const time: Group[] = [
  [
    { code: 20104, when: ({ claims: { exp } }) => exp === undefined, says: ({ claims }) => `exp is missing: a token must say when it ends${notRead(claims, ['expiresIn', 'expires_in', 'expires', 'expiry', 'expiration', 'ttl'])}`, fix: END },
    { code: 20104, when: ({ claims: { exp } }) => typeof exp !== 'number', says: numberOf('exp'), fix: `${END} A number, without quotes.` },
    { code: 20104, when: ({ claims: { exp } }) => seconds(exp) < MIN_DATE, says: ({ claims }) => `exp is ${shown(claims.exp)}, which is no time but a duration; it must be the time of the end in seconds since 1970: the time of issue plus the duration`, fix: END },
    { code: 20104, when: found => lifetime(found) === 0, says: ({ claims }) => `exp is the same as ${claims.iat === undefined ? 'nbf' : 'iat'}: it ends in the second in which it is issued. Add the ttl, 180 seconds at least`, fix: END },
    { code: 20104, when: found => lifetime(found) < 0, says: 'it ends before it was issued: its ttl is not above 0', fix: `Use a ttl of ${tokenLifetime.min} to ${tokenLifetime.max} seconds, and add it: exp = iat + ttl.` },
    { code: 20104, when: ({ claims: { exp }, now }) => seconds(exp) <= now, says: ({ claims: { exp }, now }) => `it ended ${ago(now - seconds(exp))} ago, by this clock`, fix: fresh },
    { code: 20157, when: found => lifetime(found) > tokenLifetime.max, says: found => `it lives ${lifetime(found)} seconds; Twilio takes at most ${tokenLifetime.max} (24 hours)`, fix: `Use a ttl of at most ${tokenLifetime.max} seconds: exp = iat + ttl.` },
    { code: 20104, advice: true, when: found => lifetime(found) < 10, says: found => `it lives ${lifetime(found)} seconds only, as with a ttl that was given as a string` },
    { code: 20104, advice: true, when: found => lifetime(found) < tokenLifetime.min, says: found => `it lives ${lifetime(found)} seconds only; Twilio names ${tokenLifetime.min} as the least` }
  ],
  [
    { code: 20104, when: ({ claims }) => inOtherUnits(claims).includes('exp'), says: counts, fix: UNIT },
    { code: 20105, when: ({ claims }) => inOtherUnits(claims).length > 0, says: counts, fix: UNIT }
  ],
  [
    { code: 20155, when: ({ claims: { iat } }) => iat !== undefined && typeof iat !== 'number', says: numberOf('iat'), fix: `${ISSUED} A number, without quotes.` },
    { code: 20155, when: ({ claims: { iat } }) => seconds(iat) < MIN_DATE, says: ({ claims }) => `iat is ${shown(claims.iat)}, a time in 1970 or so; it must be the time of issue, in seconds since 1970`, fix: ISSUED },
    { code: 20105, when: ({ claims: { iat }, now }) => seconds(iat) > now + CLOCK_TOLERANCE_SECONDS, says: ({ claims: { iat }, now }) => `it was issued ${ago(seconds(iat) - now)} in the future, so one of the clocks is wrong`, fix: 'Let the machine that makes the tokens set its clock by NTP.' },
    { code: 20105, advice: true, when: hasOnlyNbf, says: 'nbf stands in the place of iat, as Twilio\'s Python library writes it. Twilio takes that, but refuses the token where this server\'s clock is ahead by seconds; in Python, AccessToken(…, nbf=None) leaves it out' },
    { code: 20155, advice: true, when: ({ claims: { iat, nbf } }) => iat === undefined && nbf === undefined, says: 'iat is missing; Twilio\'s own tokens say when they were issued' }
  ],
  [
    { code: 20155, when: ({ claims: { nbf } }) => nbf !== undefined && typeof nbf !== 'number', says: numberOf('nbf', ', or left out'), fix: 'Leave nbf out.' },
    { code: 20105, when: ({ claims: { iat, nbf }, now }) => seconds(nbf) > now && !(seconds(iat) > now + CLOCK_TOLERANCE_SECONDS), says: 'nbf is in the future, so Twilio does not take it yet', fix: 'Leave nbf out, and let the machine that makes the tokens set its clock by NTP.' },
    { code: 20105, advice: true, when: found => !Number.isNaN(seconds(found.claims.nbf)) && !hasOnlyNbf(found), says: 'nbf is set: a clock that is ahead by seconds makes Twilio refuse such tokens; leave it out' }
  ],
  [{
    code: 20155,
    advice: true,
    when: ({ claims }) => times.some(name => seconds(claims[name]) % 1 > 0),
    says: ({ claims }) => `${times.filter(name => seconds(claims[name]) % 1 > 0).join(' and ')} should be whole seconds; use Math.floor(Date.now() / 1000)`
  }]
]

import { shown } from './json.js'
import { isSid, startsWith, type Case, type Group } from './rule.js'

/** Seconds, Twilio's own limits. */
const shortest = 180
const longest = 86400
/** Above this a number of seconds since 1970 would be in the year 5138: it counts milliseconds. */
const milliseconds = 1e11

/** Seconds that clocks may differ without anybody minding. */
const tolerated = 5

const number = (value: unknown): number => typeof value === 'number' ? value : NaN
const life = ({ claims: { iat, exp } }: Case): number => number(exp) - number(iat)
const ago = (seconds: number): string => seconds < 120 ? `${Math.round(seconds)} seconds` : seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`

/** Who made the token for whom, and when it holds. */
export const claims: Group[] = [
  [
    { code: 20103, when: ({ claims: { iss, sub } }) => startsWith(iss, 'AC') && startsWith(sub, 'SK'), says: 'iss holds the account SID and sub the key SID: they are swapped' },
    { code: 20103, when: ({ claims: { iss } }) => iss === undefined, says: 'iss is missing; it names the API key (SK…)' },
    { code: 20103, when: ({ claims: { iss } }) => startsWith(iss, 'AC'), says: 'iss holds an account SID; tokens are signed by an API key (SK…), not by the account' },
    { code: 20103, when: ({ claims: { iss } }) => startsWith(iss, 'SK') && !isSid(iss, 'SK'), says: 'iss is a key SID that is not whole: SK and 32 hexadecimal digits, without blanks' },
    { code: 20103, when: ({ claims: { iss } }) => !isSid(iss, 'SK'), says: ({ claims }) => `iss is ${shown(claims.iss)}; it must be the SID of an API key (SK…)` },
    {
      code: 20103,
      advice: true,
      when: ({ claims: { iss }, configured: { keySid } }) => keySid !== undefined && iss !== keySid,
      says: 'iss is another key than TWILIO_API_KEY_SID; Twilio refuses it if that key is deleted, Restricted, or of another account or region'
    }
  ],
  [
    { code: 20103, when: ({ claims: { sub } }) => sub === undefined, says: 'sub is missing; it names the account (AC…)' },
    { code: 20103, when: ({ claims: { iss, sub } }) => startsWith(sub, 'SK') && !startsWith(iss, 'AC'), says: 'sub holds a key SID; it must be the account (AC…)' },
    { code: 20103, when: ({ claims: { sub } }) => startsWith(sub, 'AC') && !isSid(sub, 'AC'), says: 'sub is an account SID that is not whole: AC and 32 hexadecimal digits, without blanks' },
    { code: 20103, when: ({ claims: { sub } }) => !isSid(sub, 'AC') && !startsWith(sub, 'SK'), says: ({ claims }) => `sub is ${shown(claims.sub)}; it must be the SID of an account (AC…)` },
    {
      code: 20103,
      when: ({ claims: { iss, sub }, configured: { accountSid, keySid } }) => isSid(sub, 'AC') && accountSid !== undefined && sub !== accountSid && iss === keySid,
      says: 'sub is another account than TWILIO_ACCOUNT_SID, to which the key in iss belongs'
    }
  ],
  [
    { code: 20104, when: ({ claims: { exp } }) => exp === undefined, says: 'exp is missing: a token must say when it ends' },
    { code: 20104, when: ({ claims: { exp } }) => typeof exp !== 'number', says: ({ claims }) => `exp is ${shown(JSON.stringify(claims.exp))}; it must be a number of seconds since 1970` },
    { code: 20104, when: ({ claims: { exp } }) => number(exp) > milliseconds, says: 'exp counts milliseconds; it must be seconds since 1970' },
    { code: 20104, when: found => life(found) <= 0 && number(found.claims.iat) < milliseconds, says: 'it ends before it was issued: its ttl is not above 0' },
    { code: 20104, when: ({ claims: { exp }, now }) => number(exp) <= now, says: ({ claims: { exp }, now }) => `it ended ${ago(now - number(exp))} ago, by this clock; ask for a fresh one` },
    { code: 20157, when: found => life(found) > longest, says: found => `it lives ${life(found)} seconds; Twilio takes at most ${longest} (24 hours)` },
    { code: 20104, advice: true, when: found => life(found) < 10, says: found => `it lives ${life(found)} seconds only, as with a ttl that was given as a string` },
    { code: 20104, advice: true, when: found => life(found) < shortest, says: found => `it lives ${life(found)} seconds only; Twilio names ${shortest} as the least` }
  ],
  [
    { code: 20155, when: ({ claims: { iat } }) => iat !== undefined && typeof iat !== 'number', says: ({ claims }) => `iat is ${shown(JSON.stringify(claims.iat))}; it must be a number of seconds since 1970` },
    { code: 20105, when: ({ claims: { iat } }) => number(iat) > milliseconds, says: 'iat counts milliseconds; it must be seconds since 1970' },
    { code: 20105, when: ({ claims: { iat }, now }) => number(iat) > now + tolerated, says: ({ claims: { iat }, now }) => `it was issued ${ago(number(iat) - now)} in the future, so one of the clocks is wrong` },
    { code: 20155, advice: true, when: ({ claims: { iat } }) => iat === undefined, says: 'iat is missing; Twilio\'s own tokens say when they were issued' }
  ],
  [
    { code: 20155, when: ({ claims: { nbf } }) => nbf !== undefined && typeof nbf !== 'number', says: ({ claims }) => `nbf is ${shown(JSON.stringify(claims.nbf))}; it must be a number of seconds since 1970, or left out` },
    { code: 20105, when: ({ claims: { nbf }, now }) => number(nbf) > now, says: 'nbf is in the future, so Twilio does not take it yet; leave nbf out' },
    { code: 20105, advice: true, when: ({ claims: { nbf } }) => nbf !== undefined, says: 'nbf is set: a clock that is ahead by seconds makes Twilio refuse such tokens; leave it out' }
  ],
  [{ code: 20101, advice: true, when: ({ claims: { jti } }) => jti === undefined, says: 'jti is missing; Twilio\'s documents want one' }]
]

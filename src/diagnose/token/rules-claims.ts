import { shown } from './json.js'
import { isSid, notRead, startsWith, type Group } from './rule.js'

const ISS = 'Write the SID of the API key (SK…) as iss.'
const SUB = 'Write the SID of the account that owns the key (AC…) as sub.'

/** Rules about key and account. */
export const claims: Group[] = [
  [
    { code: 20103, when: ({ claims: { iss, sub } }) => startsWith(iss, 'AC') && startsWith(sub, 'SK'), says: 'iss holds the account SID and sub the key SID: they are swapped', fix: 'Swap them: iss is the API key (SK…), sub the account (AC…).' },
    { code: 20103, when: ({ claims: { iss } }) => iss === undefined, says: ({ claims }) => `iss is missing; it names the API key (SK…)${notRead(claims, ['issuer', 'keySid', 'key_sid', 'apiKey', 'api_key', 'apiKeySid'])}`, fix: ISS },
    { code: 20103, when: ({ claims: { iss } }) => startsWith(iss, 'AC'), says: 'iss holds an account SID; tokens are signed by an API key (SK…), not by the account', fix: 'Make an API key in the Twilio Console, write its SID (SK…) as iss, and sign with its secret.' },
    { code: 20103, when: ({ claims: { iss } }) => startsWith(iss, 'SK') && !isSid(iss, 'SK'), says: 'iss is a key SID that is incomplete: SK and 32 hexadecimal digits, without blanks', fix: 'Copy the SID of the API key again: SK and 32 hexadecimal digits.' },
    { code: 20103, when: ({ claims: { iss } }) => !isSid(iss, 'SK'), says: ({ claims }) => `iss is ${shown(claims.iss)}; it must be the SID of an API key (SK…)`, fix: ISS },
    {
      code: 20103,
      advice: true,
      when: ({ claims: { iss }, configured: { keySid }, signature }) => keySid !== undefined && iss !== keySid && signature !== 'right',
      says: 'iss is another key than TWILIO_API_KEY_SID; Twilio refuses it if that key is deleted, Restricted, or of another account or region'
    }
  ],
  [
    { code: 20103, when: ({ claims: { sub } }) => sub === undefined, says: ({ claims }) => `sub is missing; it names the account (AC…)${notRead(claims, ['subject', 'accountSid', 'account_sid', 'account'])}`, fix: SUB },
    { code: 20103, when: ({ claims: { iss, sub } }) => startsWith(sub, 'SK') && !startsWith(iss, 'AC'), says: 'sub holds a key SID; it must be the account (AC…)', fix: SUB },
    { code: 20103, when: ({ claims: { sub } }) => startsWith(sub, 'AC') && !isSid(sub, 'AC'), says: 'sub is an account SID that is incomplete: AC and 32 hexadecimal digits, without blanks', fix: 'Copy the SID of the account again: AC and 32 hexadecimal digits.' },
    { code: 20103, when: ({ claims: { sub } }) => !isSid(sub, 'AC') && !startsWith(sub, 'SK'), says: ({ claims }) => `sub is ${shown(claims.sub)}; it must be the SID of an account (AC…)`, fix: SUB },
    {
      code: 20103,
      when: ({ claims: { iss, sub }, configured: { accountSid, keySid } }) => isSid(sub, 'AC') && accountSid !== undefined && sub !== accountSid && iss === keySid,
      says: 'sub is another account than TWILIO_ACCOUNT_SID, to which the key in iss belongs',
      fix: 'Write TWILIO_ACCOUNT_SID as sub. If that account is the wrong one, set it to the account that owns the key.'
    }
  ],
  [{ code: 20101, advice: true, when: ({ claims: { jti } }) => jti === undefined, says: 'jti is missing; Twilio\'s documents want one' }]
]

import { sid, token, video } from '../../../helpers/made-token.js'
import type { Broken } from './row.js'

/** Who made the token for whom. */
export const claims: Broken[] = [
  { what: 'swapped SIDs', given: token({ claims: { iss: sid('AC'), sub: sid('SK') } }), code: 20103, says: /swapped/ },
  { what: 'no iss', given: token({ claims: { iss: video } }), code: 20103, says: /iss is missing/ },
  { what: 'the account as iss', given: token({ claims: { iss: sid('AC') } }), code: 20103, says: /not by the account/ },
  { what: 'a key SID that is cut off', given: token({ claims: { iss: 'SK123' } }), code: 20103, says: /key SID that is incomplete/ },
  { what: 'a name as iss', given: token({ claims: { iss: 'my-app' } }), code: 20103, says: /iss is my-app/ },
  { what: 'no sub', given: token({ claims: { sub: video } }), code: 20103, says: /sub is missing/ },
  { what: 'a key as sub', given: token({ claims: { sub: sid('SK') } }), code: 20103, says: /sub holds a key SID/ },
  { what: 'an account SID with a blank', given: token({ claims: { sub: `${sid('AC')} ` } }), code: 20103, says: /account SID that is incomplete/ },
  { what: 'a user as sub', given: token({ claims: { sub: 'susan' } }), code: 20103, says: /sub is susan/ },
  { what: 'another account', given: token({ claims: { sub: sid('AC', '2') } }), code: 20103, says: /another account than TWILIO_ACCOUNT_SID/ },
  { what: 'no jti', given: token({ claims: { jti: video } }), code: 20101, says: /jti is missing/, advice: true },
  { what: 'another key', given: token({ claims: { iss: sid('SK', '2') }, by: 'other' }), code: 20103, says: /another key than TWILIO_API_KEY_SID/, advice: true, others: [20107] },
  { what: 'issuer for iss', given: token({ claims: { iss: video, issuer: sid('SK') } }), code: 20103, says: /iss is missing.* Twilio does not read issuer$/ },
  { what: 'accountSid for sub', given: token({ claims: { sub: video, accountSid: sid('AC') } }), code: 20103, says: /sub is missing.* Twilio does not read accountSid$/ }
]

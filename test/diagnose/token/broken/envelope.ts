import { base64url, body, good, head, secret, sid, signature, token, video, voice } from '../../../helpers/made-token.js'
import type { Broken } from './row.js'

const hex = Buffer.from(signature, 'base64url').toString('hex')
const plain = signature.replaceAll('-', '+').replaceAll('_', '/')

/** Form, header and signature. */
export const envelope: Broken[] = [
  { what: 'no signature part', given: `${head}.${body}`, code: 20101, says: /this has 2/ },
  { what: 'a header that is none', given: `x.${body}.${signature}`, code: 20101, says: /first part is no header/ },
  { what: 'claims that are none', given: `${head}.${base64url('[1]')}.${signature}`, code: 20101, says: /second part holds no claims/ },
  { what: 'padding', given: `${head}=.${body}.${signature}`, code: 20101, says: /base64url without padding/ },
  { what: 'another algorithm', given: token({ header: { alg: 'HS512' } }), code: 20102, says: /alg is HS512/ },
  { what: 'another typ', given: token({ header: { typ: 'at+jwt' } }), code: 20102, says: /typ is at\+jwt/ },
  { what: 'no cty', given: token({ header: { cty: video } }), code: 20102, says: /cty is missing/ },
  { what: 'another cty', given: token({ header: { cty: 'twilio' } }), code: 20102, says: /cty is twilio/ },
  { what: 'an unknown region', given: token({ header: { twr: 'eu1' } }), code: 20101, says: /region eu1/ },
  { what: 'a key of another region', given: token({ header: { twr: 'ie1' }, grants: { ...voice } }), code: 20103, says: /twr says region ie1, and TWILIO_REGION us1/ },
  { what: 'a region that the token lacks', given: good, code: 20103, says: /twr says region us1, and TWILIO_REGION ie1/, env: { TWILIO_REGION: 'ie1' } },
  { what: 'an empty signature', given: `${head}.${body}.`, code: 20107, says: /signature is missing/ },
  { what: 'a signature that is cut off', given: good.slice(0, -1), code: 20107, says: /43 characters/ },
  { what: 'another secret', given: token({ by: 'other' }), code: 20107, says: /not by the secret of this key/ },
  { what: 'a secret with a line break', given: token({ by: `${secret}\n` }), code: 20107, says: /line break at its end/ },
  { what: 'a secret with a blank', given: token({ by: ` ${secret}` }), code: 20107, says: /blank around it/ },
  { what: 'a secret in quotes', given: token({ by: `"${secret}"` }), code: 20107, says: /quotes around it/ },
  { what: 'a decoded secret', given: token({ by: Buffer.from(secret, 'base64') }), code: 20107, says: /decoded as base64/ },
  { what: 'a secret in small letters', given: token({ by: secret.toLowerCase() }), code: 20107, says: /small letters/ },
  { what: 'a secret in capitals', given: token({ by: secret.toUpperCase() }), code: 20107, says: /capital letters/ },
  { what: 'a SID for the secret', given: token({ by: sid('AC') }), code: 20107, says: /for which TWILIO_ACCOUNT_SID was taken/ },
  { what: 'this secret with another key', given: token({ claims: { iss: sid('SK', '2') } }), code: 20103, says: /iss does not name the key/ },
  { what: 'a signature in plain base64', given: `${head}.${body}.${plain}=`, code: 20107, says: /^the signature is in plain base64 \(\+ \/ =\)/ },
  { what: 'padding behind the signature', given: `${good}=`, code: 20107, says: /the signature is in plain base64/ },
  { what: 'a signature in hexadecimal', given: `${head}.${body}.${hex}`, code: 20107, says: /^the signature is in hexadecimal/ },
  { what: 'hexadecimal as base64', given: `${head}.${body}.${base64url(hex)}`, code: 20107, says: /^the signature is in hexadecimal/ },
  { what: 'all of it in plain base64', given: `${head}=.${body}=.${signature}=`, code: 20101, says: /it holds characters of plain base64/ },
  { what: 'undefined for the secret', given: token({ by: 'undefined' }), code: 20107, says: /for which the word undefined was taken/ },
  { what: 'None for the secret', given: token({ by: 'None' }), code: 20107, says: /for which the word None was taken/ }
]

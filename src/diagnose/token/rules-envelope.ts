import { shown } from './json.js'
import { bytesOf, type Token } from './read-token.js'
import { isRegion, regions } from '../../lib/twilio-limits.js'
import { isSid, type TokenFacts, type Group } from './rule.js'

const saysAll = ({ around }: Token): string => around.map(({ says }) => says).join('; ')
const isBase64url = (text: string): boolean => /^[\w-]+$/.test(text)
/** The 32 bytes of HS256 as hexadecimal text, or that text as base64. */
const isHex = (signature: string): boolean => /^[0-9a-f]{64}$/i.test(signature) || /^[0-9a-f]{64}$/i.test(new TextDecoder().decode(bytesOf(signature)))
/** A wrong signature, unless the token is malformed: then the signature cannot be right. */
const isWrong = ({ token, signature }: TokenFacts): boolean => signature === 'wrong' && token.parts.length === 3 && isBase64url(token.parts.slice(0, 2).join(''))

/** Rules about the text around a token, its form, header and signature: RFC 7515, and https://www.twilio.com/docs/iam/access-tokens */
export const envelope: Group[] = [
  [
    { code: 20101, when: ({ token }) => token.around.some(({ harmless }) => !harmless), says: ({ token }) => `more than the token is here: ${saysAll(token)}. An SDK takes the bare token` },
    { code: 20101, advice: true, when: ({ token }) => token.around.length > 0, says: ({ token }) => `${saysAll(token)}. Give the SDK that string alone` }
  ],
  [
    { code: 20101, when: ({ token }) => token.parts.length !== 3, says: ({ token }) => `a token has three parts with dots between; this has ${token.parts.length}, so something was cut off or put in` },
    { code: 20101, when: ({ token }) => token.header === undefined, says: 'the first part is no header: it does not decode to a JSON object' },
    { code: 20101, when: ({ token }) => token.claims === undefined, says: 'the second part holds no claims: it does not decode to a JSON object' },
    { code: 20101, when: ({ token }) => !isBase64url(token.parts.slice(0, 2).join('')), says: 'it holds characters of plain base64 (+ / =); a JWT is base64url without padding' }
  ],
  [{ code: 20102, when: ({ header }) => header.alg !== 'HS256', says: ({ header }) => `alg is ${shown(header.alg)}; Twilio takes HS256 only` }],
  [{ code: 20102, when: ({ header }) => header.typ !== 'JWT', says: ({ header }) => `typ is ${shown(header.typ)}; it must be JWT` }],
  [
    { code: 20102, when: ({ header }) => header.cty === undefined, says: 'cty is missing; it must be twilio-fpa;v=1, which general JWT libraries do not write by themselves' },
    { code: 20102, when: ({ header }) => header.cty !== 'twilio-fpa;v=1', says: ({ header }) => `cty is ${shown(header.cty)}; it must be twilio-fpa;v=1` }
  ],
  [
    { code: 20101, when: ({ header }) => header.twr !== undefined && !isRegion(header.twr), says: ({ header }) => `twr names the region ${shown(header.twr)}; there are ${regions.join(', ')}` },
    {
      code: 20103,
      when: ({ header: { twr = 'us1' }, configured: { keySid, region = 'us1' } }) => keySid !== undefined && twr !== region,
      says: ({ header: { twr = 'us1' }, configured: { region = 'us1' } }) => `twr says region ${shown(twr)}, and TWILIO_REGION ${region}: keys are bound to a region`
    }
  ],
  [
    { code: 20107, when: ({ token }) => token.parts.length === 3 && token.parts[2] === '', says: 'the signature is missing' },
    {
      code: 20107,
      when: ({ token }) => /[+/=]/.test(token.parts[2] ?? '') && isBase64url(token.parts.slice(0, 2).join('')),
      says: 'the signature is in plain base64 (+ / =); a JWT is base64url without padding'
    },
    { code: 20107, when: ({ token, header }) => header.alg === 'HS256' && isHex(token.parts[2] ?? ''), says: 'the signature is in hexadecimal; a JWT has the bytes themselves as base64url, as digest(\'base64url\') gives them' },
    { code: 20107, when: ({ token, header }) => token.parts.length === 3 && header.alg === 'HS256' && !/^[\w+/-]{43}=?$/.test(token.parts[2]!), says: 'the signature has not the 43 characters of HS256, so something was cut off or put on' },
    { code: 20107, when: ({ signature }) => typeof signature === 'object', says: ({ signature }) => `it is signed, but by the secret ${(signature as { spoilt: string }).spoilt}` },
    { code: 20107, when: found => isWrong(found) && found.claims.iss === found.configured.keySid, says: 'the signature is not by the secret of this key: TWILIO_API_KEY_SECRET belongs to another key, or the token was changed on its way' },
    {
      code: 20107,
      advice: true,
      when: found => isWrong(found) && found.claims.iss !== found.configured.keySid,
      says: 'the signature is not by the configured secret, and the key in iss is another one, so whether it is right cannot be said here'
    },
    { code: 20103, when: ({ signature, claims, configured }) => signature === 'right' && isSid(claims.iss, 'SK') && claims.iss !== configured.keySid, says: 'it is signed by the configured secret, but iss does not name the key that this secret belongs to' }
  ]
]

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

const altered = (signature: TokenFacts['signature']): string => (signature as { altered: string }).altered

const REMAKE = 'Copy the token again as a whole. If the server made it like this, let Twilio\'s AccessToken class or this broker make it.'
const CTY = 'Write "cty":"twilio-fpa;v=1" into the header; Twilio\'s AccessToken class does.'
const BASE64URL = 'Encode the bytes of the signature as base64url without padding: digest(\'base64url\') in Node.'

/** Rules about the text around a token, its form, header and signature: RFC 7515, and https://www.twilio.com/docs/iam/access-tokens */
export const envelope: Group[] = [
  [
    { code: 20101, when: ({ token }) => token.around.some(({ harmless }) => !harmless), says: ({ token }) => `more than the token is here: ${saysAll(token)}. An SDK takes the bare token`, fix: 'Hand the SDK the token alone: the string that begins with eyJ, from the token property of the answer.' },
    { code: 20101, advice: true, when: ({ token }) => token.around.length > 0, says: ({ token }) => `${saysAll(token)}. Give the SDK that string alone` }
  ],
  [
    { code: 20101, when: ({ token }) => token.parts.length !== 3, says: ({ token }) => `a token has three parts with dots between; this has ${token.parts.length}, so something was cut off or put in`, fix: 'Copy the token again as a whole, or hand the SDK the string as the server made it.' },
    { code: 20101, when: ({ token }) => token.header === undefined, says: 'the first part is no header: it does not decode to a JSON object', fix: REMAKE },
    { code: 20101, when: ({ token }) => token.claims === undefined, says: 'the second part holds no claims: it does not decode to a JSON object', fix: REMAKE },
    { code: 20101, when: ({ token }) => !isBase64url(token.parts.slice(0, 2).join('')), says: 'it holds characters of plain base64 (+ / =); a JWT is base64url without padding', fix: 'Encode header and claims as base64url without padding, and sign that: toString(\'base64url\') in Node.' }
  ],
  [{ code: 20102, when: ({ header }) => header.alg !== 'HS256', says: ({ header }) => `alg is ${shown(header.alg)}; Twilio takes HS256 only`, fix: 'Sign by HS256 with the secret of the API key.' }],
  [{ code: 20102, when: ({ header }) => header.typ !== 'JWT', says: ({ header }) => `typ is ${shown(header.typ)}; it must be JWT`, fix: 'Write "typ":"JWT" into the header.' }],
  [
    { code: 20102, when: ({ header }) => header.cty === undefined, says: 'cty is missing; it must be twilio-fpa;v=1, which general JWT libraries do not write by themselves', fix: CTY },
    { code: 20102, when: ({ header }) => header.cty !== 'twilio-fpa;v=1', says: ({ header }) => `cty is ${shown(header.cty)}; it must be twilio-fpa;v=1`, fix: CTY }
  ],
  [
    { code: 20101, when: ({ header }) => header.twr !== undefined && !isRegion(header.twr), says: ({ header }) => `twr names the region ${shown(header.twr)}; there are ${regions.join(', ')}`, fix: `Write the region of the key as twr: ${regions.join(' or ')}. Without twr it is us1.` },
    {
      code: 20103,
      when: ({ header: { twr = 'us1' }, configured: { keySid, region = 'us1' } }) => keySid !== undefined && twr !== region,
      says: ({ header: { twr = 'us1' }, configured: { region = 'us1' } }) => `twr says region ${shown(twr)}, and TWILIO_REGION ${region}: keys are bound to a region`,
      fix: ({ configured: { region = 'us1' } }) => `If the key is of ${region}, make the token for ${region}. If it is of another region, set TWILIO_REGION to that.`
    }
  ],
  [
    { code: 20107, when: ({ token }) => token.parts.length === 3 && token.parts[2] === '', says: 'the signature is missing', fix: 'Copy the token again as a whole. If it was made without a signature, sign it by HS256 with the secret of the API key.' },
    {
      code: 20107,
      when: ({ token }) => /[+/=]/.test(token.parts[2] ?? '') && isBase64url(token.parts.slice(0, 2).join('')),
      says: 'the signature is in plain base64 (+ / =); a JWT is base64url without padding',
      fix: BASE64URL
    },
    { code: 20107, when: ({ token, header }) => header.alg === 'HS256' && isHex(token.parts[2] ?? ''), says: 'the signature is in hexadecimal; a JWT has the bytes themselves as base64url, as digest(\'base64url\') gives them', fix: BASE64URL },
    { code: 20107, when: ({ token, header }) => token.parts.length === 3 && header.alg === 'HS256' && !/^[\w+/-]{43}=?$/.test(token.parts[2]!), says: 'the signature has not the 43 characters of HS256, so something was cut off or put on', fix: 'Copy the token again as a whole. If the server made it like this, sign it by HS256 with the secret of the API key.' },
    { code: 20107, when: ({ signature }) => typeof signature === 'object', says: ({ signature }) => `it is signed, but by the secret ${altered(signature)}`, fix: ({ signature }) => altered(signature).startsWith('for which') ? 'Make sure that the program that signs finds the secret of the API key: it took something else.' : 'Sign with the secret exactly as Twilio showed it: nothing around it, not decoded, no letter changed.' },
    { code: 20107, when: found => isWrong(found) && found.claims.iss === found.configured.keySid, says: 'the signature is not by the secret of this key: TWILIO_API_KEY_SECRET belongs to another key, or the token was changed on its way', fix: 'Set TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET of one key, and hand on the token unchanged. If the secret is lost, make a new key: Twilio shows a secret once.' },
    {
      code: 20107,
      advice: true,
      when: found => isWrong(found) && found.claims.iss !== found.configured.keySid,
      says: 'the signature is not by the configured secret, and the key in iss is another one, so whether it is right cannot be said here'
    },
    { code: 20103, when: ({ signature, claims, configured }) => signature === 'right' && isSid(claims.iss, 'SK') && claims.iss !== configured.keySid, says: 'it is signed by the configured secret, but iss does not name the key that this secret belongs to', fix: 'Write the SID of the key whose secret signs as iss. TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET must be of one key.' }
  ]
]

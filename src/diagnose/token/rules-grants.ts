import { shapes } from './grant-shapes.js'
import { isRecord } from '../../lib/is-record.js'
import { shown } from './json.js'
import { meantGrant, meantIdentity } from './misspelt.js'
import { isRegion } from '../../lib/twilio-limits.js'
import { notRead, type TokenFacts, type Group, type Rule } from './rule.js'

const isKnown = (name: string): boolean => Object.hasOwn(shapes, name)
const isMisspelt = (name: string): boolean => meantGrant(name) !== undefined
/** The name that was written instead of `identity`, where that is missing. */
const forIdentity = ({ grants }: TokenFacts): string | undefined =>
  grants.identity === undefined ? Object.keys(grants).find(name => !isKnown(name) && !isMisspelt(name) && meantIdentity(name)) : undefined
/** Names of grants, correct or not. */
const products = (found: TokenFacts): string[] => Object.keys(found.grants).filter(name => name !== 'identity' && name !== forIdentity(found))
const known = (found: TokenFacts): string[] => products(found).filter(isKnown)
const misspelt = (found: TokenFacts): string[] => products(found).filter(isMisspelt)
const unknown = (found: TokenFacts): string[] => products(found).filter(name => !isKnown(name) && !isMisspelt(name))

const identity = ({ grants }: TokenFacts): string => typeof grants.identity === 'string' ? grants.identity : ''
const length = (text: string): number => [...text].length

/** Makes the rule for an identity that is too long for a product. */
const tooLong = (product: string, max: number, code: number): Rule => ({
  code, when: found => product in found.grants && length(identity(found)) > max, says: found => `the identity has ${length(identity(found))} characters; ${product} allows at most ${max}`
})

const region = (product: string, served: string[]): Group => [{
  code: 20101,
  when: ({ grants, header: { twr = 'us1' } }) => product in grants && isRegion(twr) && !served.includes(twr as string),
  says: ({ header }) => `${product} is not served in the region ${shown(header.twr)}, only in ${served.join(' and ')}`
}]

function outside ({ claims }: TokenFacts): string {
  const names = Object.keys(claims).filter(isKnown)
  return names.length > 0 ? `; ${names.join(' and ')} must be inside it` : notRead(claims, ['grant', 'Grants', 'permissions'])
}

function correction (found: TokenFacts, name: string): string {
  const meant = meantGrant(name)!
  const { product } = shapes[meant]!
  const effect = meant in found.grants ? 'which is there as well' : `so the holder gets nothing in ${product}`
  return `Twilio knows no grant called ${shown(name)}; it is called ${meant}, ${effect}`
}

/** Rules about the grants and the identity. */
export const grants: Group[] = [
  [
    { code: 20106, when: ({ claims }) => claims.grants === undefined, says: found => `grants is missing, so the token allows nothing${outside(found)}` },
    { code: 20106, when: ({ claims }) => typeof claims.grants === 'string', says: 'grants is a string; it was written as JSON twice' },
    { code: 20106, when: ({ claims }) => !isRecord(claims.grants), says: 'grants is no object' },
    { code: 20106, when: found => products(found).length === 0, says: 'grants holds no product: no grant was added' }
  ],
  [{ code: 20106, misread: true, when: found => misspelt(found).length > 0, says: found => misspelt(found).map(name => correction(found, name)).join('. ') }],
  [
    { code: 20106, when: found => unknown(found).length > 0 && unknown(found).length === products(found).length, says: found => `Twilio knows no grant called ${unknown(found).map(shown).join(', ')}, so the token allows nothing. It knows ${Object.keys(shapes).join(', ')}` },
    { code: 20106, advice: true, when: found => unknown(found).length > 0, says: found => `Twilio's libraries write no grant called ${unknown(found).map(shown).join(', ')}` }
  ],
  [{ code: 20106, when: found => known(found).some(name => !isRecord(found.grants[name])), says: found => `${known(found).filter(name => !isRecord(found.grants[name])).join(', ')} must be an object` }],
  [
    { code: 20106, when: found => forIdentity(found) !== undefined, says: found => `Twilio reads no ${shown(forIdentity(found))} in the grants; it is called identity, and without it the token is nobody's` },
    { code: 20106, when: found => products(found).length > 0 && found.grants.identity === undefined, says: ({ claims }) => `the identity is missing from the grants${claims.identity === undefined ? '' : '; it stands beside them, where Twilio does not read it'}` },
    { code: 20106, when: found => products(found).length > 0 && typeof found.grants.identity !== 'string', says: 'the identity is no string; a user\'s number has to be written as one' },
    { code: 20106, when: found => products(found).length > 0 && found.grants.identity === '', says: 'the identity is empty' },
    { code: 31105, when: found => 'voice' in found.grants && !/^\w*$/.test(identity(found)), says: 'the identity holds characters that Voice does not take: letters, digits and _ only' },
    { code: 53202, when: found => 'video' in found.grants && /\p{Cc}/u.test(identity(found)), says: 'the identity holds control characters' }
  ],
  [tooLong('voice', 121, 31105), tooLong('video', 128, 53201), tooLong('data_sync', 256, 51003), tooLong('chat', 256, 50207)],
  region('video', ['us1']),
  region('chat', ['us1', 'ie1'])
]

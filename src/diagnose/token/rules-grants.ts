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
  code, when: found => product in found.grants && length(identity(found)) > max, says: found => `the identity has ${length(identity(found))} characters; ${product} allows at most ${max}`, fix: `Use an identity of at most ${max} characters, for instance the user's number.`
})

const region = (product: string, served: string[]): Group => [{
  code: 20101,
  when: ({ grants, header: { twr = 'us1' } }) => product in grants && isRegion(twr) && !served.includes(twr as string),
  says: ({ header }) => `${product} is not served in the region ${shown(header.twr)}, only in ${served.join(' and ')}`,
  fix: `Use a key of ${served.join(' or ')} for ${product}, and make the token for its region: TWILIO_REGION at this broker, twr in the header.`
}]

/** What is written in the place of `grants`. */
const OTHERS = ['grant', 'Grants', 'permissions']

function outside ({ claims }: TokenFacts): string {
  const names = Object.keys(claims).filter(isKnown)
  return names.length > 0 ? `; ${names.join(' and ')} must be inside it` : notRead(claims, OTHERS)
}

function correction (found: TokenFacts, name: string): string {
  const meant = meantGrant(name)!
  const { product } = shapes[meant]!
  const effect = meant in found.grants ? 'which is there as well' : `so the holder gets nothing in ${product}`
  return `Twilio knows no grant called ${shown(name)}; it is called ${meant}, ${effect}`
}

function renamed (found: TokenFacts, name: string): string {
  const meant = meantGrant(name)!
  return meant in found.grants ? `Leave the grant ${shown(name)} out.` : `Write the grant ${meant} in the place of ${shown(name)}.`
}

/** Where claims stand that belong into `grants`. */
function placed ({ claims }: TokenFacts): string {
  const names = [...Object.keys(claims).filter(isKnown), ...(claims.identity === undefined ? [] : ['identity'])]
  const other = OTHERS.find(name => claims[name] !== undefined)
  if (names.length > 0) return `Move ${names.join(' and ')} into the claim grants.`
  return other === undefined ? EXAMPLE : `Write grants in the place of ${other}.`
}

const EXAMPLE = 'Write grants as an object: "grants":{"identity":"susan","video":{"room":"My Room"}}.'

/** The content of each grant, as it may be. */
const examples: Record<string, string> = {
  voice: '{"incoming":{"allow":true}}',
  video: '{"room":"My Room"}',
  chat: '{"service_sid":"IS…"}',
  data_sync: '{"service_sid":"default"}',
  task_router: '{"workspace_sid":"WS…","worker_sid":"WK…","role":"worker"}',
  player: '{}'
}

/** Rules about the grants and the identity. */
export const grants: Group[] = [
  [
    { code: 20106, when: ({ claims }) => claims.grants === undefined, says: found => `grants is missing, so the token allows nothing${outside(found)}`, fix: placed },
    { code: 20106, when: ({ claims }) => typeof claims.grants === 'string', says: 'grants is a string; it was written as JSON twice', fix: 'Hand the JWT library grants as an object, not as JSON text.' },
    { code: 20106, when: ({ claims }) => !isRecord(claims.grants), says: 'grants is no object', fix: EXAMPLE },
    { code: 20106, when: found => products(found).length === 0, says: 'grants holds no product: no grant was added', fix: 'Add the grant of the product that the page uses, such as "video":{"room":"My Room"}.' }
  ],
  [{ code: 20106, misread: true, when: found => misspelt(found).length > 0, says: found => misspelt(found).map(name => correction(found, name)).join('. '), fix: found => misspelt(found).map(name => renamed(found, name)).join(' ') }],
  [
    { code: 20106, when: found => unknown(found).length > 0 && unknown(found).length === products(found).length, says: found => `Twilio knows no grant called ${unknown(found).map(shown).join(', ')}, so the token allows nothing. It knows ${Object.keys(shapes).join(', ')}`, fix: 'Add the grant of the product that the page uses, by a name that Twilio knows; Conversations is chat, Sync is data_sync.' },
    { code: 20106, advice: true, when: found => unknown(found).length > 0, says: found => `Twilio's libraries write no grant called ${unknown(found).map(shown).join(', ')}` }
  ],
  [{ code: 20106, when: found => known(found).some(name => !isRecord(found.grants[name])), says: found => `${known(found).filter(name => !isRecord(found.grants[name])).join(', ')} must be an object`, fix: found => `Write an object: ${known(found).filter(name => !isRecord(found.grants[name])).map(name => `"${name}":${examples[name]}`).join(', ')}.` }],
  [
    { code: 20106, when: found => forIdentity(found) !== undefined, says: found => `Twilio reads no ${shown(forIdentity(found))} in the grants; it is called identity, and without it the token is nobody's`, fix: found => `Write identity in the place of ${shown(forIdentity(found))}.` },
    { code: 20106, when: found => products(found).length > 0 && found.grants.identity === undefined, says: ({ claims }) => `the identity is missing from the grants${claims.identity === undefined ? '' : '; it stands beside them, where Twilio does not read it'}`, fix: ({ claims }) => claims.identity === undefined ? 'Write the user\'s name as identity into grants.' : 'Move identity into grants.' },
    { code: 20106, when: found => products(found).length > 0 && typeof found.grants.identity !== 'string', says: 'the identity is no string; a user\'s number has to be written as one', fix: 'Write the identity as text, in quotes.' },
    { code: 20106, when: found => products(found).length > 0 && found.grants.identity === '', says: 'the identity is empty', fix: 'Write the user\'s name as identity into grants, and see why the server had none.' },
    { code: 31105, when: found => 'voice' in found.grants && !/^\w*$/.test(identity(found)), says: 'the identity holds characters that Voice does not take: letters, digits and _ only', fix: 'Use letters, digits and _ alone, for instance the user\'s number. This broker makes such identities of any name where IDENTITY_FORM=escaped is set.' },
    { code: 53202, when: found => 'video' in found.grants && /\p{Cc}/u.test(identity(found)), says: 'the identity holds control characters', fix: 'Use an identity without control characters, such as line breaks.' }
  ],
  [tooLong('voice', 121, 31105), tooLong('video', 128, 53201), tooLong('data_sync', 256, 51003), tooLong('chat', 256, 50207)],
  region('video', ['us1']),
  region('chat', ['us1', 'ie1'])
]

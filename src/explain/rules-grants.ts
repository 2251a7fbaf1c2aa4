import { isObject, shown, type Json } from './json.js'
import { isSid, type Case, type Group, type Rule } from './rule.js'

/** Grants that Twilio's helper libraries write. */
const known = ['voice', 'video', 'chat', 'data_sync', 'task_router', 'player']

/** Names that people write by hand, or that ended, with those that are meant. */
const meant: Record<string, string> = {
  sync: 'data_sync',
  datasync: 'data_sync',
  conversations: 'chat, with the Conversations service',
  conversation: 'chat, with the Conversations service',
  ip_messaging: 'chat',
  rtc: 'video',
  taskrouter: 'task_router'
}

/** Bytes that Voice takes as outgoing params, about. */
const mostParams = 800

const object = (value: unknown): Json => isObject(value) ? value : {}
const grant = ({ grants }: Case, name: string): Json | undefined => name in grants ? object(grants[name]) : undefined
const products = ({ grants }: Case): string[] => Object.keys(grants).filter(name => name !== 'identity')
const identity = ({ grants }: Case): string => typeof grants.identity === 'string' ? grants.identity : ''
const length = (text: unknown): number => typeof text === 'string' ? [...text].length : 0

/** One rule an identity that is too long for a product's servers. */
const tooLong = (product: string, most: number, code: number): Rule => ({
  code, when: found => product in found.grants && length(identity(found)) > most, says: found => `the identity has ${length(identity(found))} characters; ${product} takes at most ${most}`
})

const service = (product: string, fits: (sid: unknown) => boolean, form: string): Group => [
  { code: 51007, when: found => grant(found, product) !== undefined && grant(found, product)!.service_sid === undefined, says: `${product} has no service_sid; it must be ${form}` },
  { code: 51007, when: found => grant(found, product) !== undefined && !fits(grant(found, product)!.service_sid), says: found => `${product}.service_sid is ${shown(grant(found, product)!.service_sid)}; it must be ${form}` }
]

const region = (product: string, served: string[]): Group => [{
  code: 20101,
  when: ({ grants, header: { twr = 'us1' } }) => product in grants && !served.includes(twr as string),
  says: ({ header }) => `${product} is not served in the region ${shown(header.twr)}, only in ${served.join(' and ')}`
}]

/** What the token lets its holder do. */
export const grants: Group[] = [
  [
    { code: 20106, when: ({ claims }) => claims.grants === undefined, says: 'grants is missing, so the token allows nothing' },
    { code: 20106, when: ({ claims }) => typeof claims.grants === 'string', says: 'grants is a string; it was written as JSON twice' },
    { code: 20106, when: ({ claims }) => !isObject(claims.grants), says: 'grants is no object' },
    { code: 20106, when: found => products(found).length === 0, says: 'grants holds no product: no grant was added' }
  ],
  [{
    code: 20106,
    when: found => products(found).some(name => Object.hasOwn(meant, name)),
    says: found => products(found).filter(name => Object.hasOwn(meant, name)).map(name => `Twilio knows no grant called ${name}; it is called ${meant[name]}`).join('; ')
  }],
  [{
    code: 20106,
    advice: true,
    when: found => products(found).some(name => !known.includes(name) && !Object.hasOwn(meant, name)),
    says: found => `Twilio's libraries write no grant called ${products(found).filter(name => !known.includes(name) && !Object.hasOwn(meant, name)).map(shown).join(', ')}`
  }],
  [{ code: 20106, when: found => products(found).some(name => !isObject(found.grants[name])), says: found => `${products(found).filter(name => !isObject(found.grants[name])).map(shown).join(', ')} must be an object` }],
  [
    { code: 20106, when: found => products(found).length > 0 && found.grants.identity === undefined, says: 'the identity is missing from the grants' },
    { code: 20106, when: found => products(found).length > 0 && typeof found.grants.identity !== 'string', says: 'the identity is no string; a user\'s number has to be written as one' },
    { code: 20106, when: found => products(found).length > 0 && found.grants.identity === '', says: 'the identity is empty' },
    { code: 31105, when: found => 'voice' in found.grants && !/^\w*$/.test(identity(found)), says: 'the identity holds characters that Voice does not take: letters, digits and _ only' },
    { code: 53202, when: found => 'video' in found.grants && /\p{Cc}/u.test(identity(found)), says: 'the identity holds control characters' }
  ],
  [tooLong('voice', 121, 31105), tooLong('video', 128, 53201), tooLong('data_sync', 256, 51003), tooLong('chat', 256, 50207)],
  [
    { code: 53100, when: found => grant(found, 'video')?.room !== undefined && typeof grant(found, 'video')!.room !== 'string', says: 'video.room is no string' },
    { code: 53101, when: found => length(grant(found, 'video')?.room) > 128, says: 'video.room has more than 128 characters' },
    { code: 53104, advice: true, when: found => grant(found, 'video')?.room === '', says: 'video.room is empty, which lets the holder into any room' }
  ],
  service('chat', sid => isSid(sid, 'IS'), 'the SID of a Conversations or Chat service (IS…)'),
  service('data_sync', sid => sid === 'default' || isSid(sid, 'IS'), 'the SID of a Sync service (IS…) or default'),
  [{
    code: 21218,
    when: found => isObject(grant(found, 'voice')?.outgoing) && !isSid(object(grant(found, 'voice')!.outgoing).application_sid, 'AP'),
    says: found => `voice.outgoing.application_sid is ${shown(object(grant(found, 'voice')!.outgoing).application_sid)}; it must be the SID of a TwiML app (AP…)`
  }],
  [
    { code: 31002, advice: true, when: found => Object.keys(grant(found, 'voice') ?? { other: 1 }).length === 0, says: 'voice allows neither calls in nor calls out' },
    { code: 20106, advice: true, when: found => isObject(grant(found, 'voice')?.incoming) && object(grant(found, 'voice')!.incoming).allow !== true, says: 'voice.incoming.allow is not exactly true, so nobody can call in' }
  ],
  [{
    code: 31103,
    when: found => new TextEncoder().encode(JSON.stringify(object(grant(found, 'voice')?.outgoing).params ?? '')).length > mostParams,
    says: `voice.outgoing.params have more than about ${mostParams} bytes`
  }],
  [{ code: 20106, when: found => grant(found, 'voice')?.push_credential_sid !== undefined && !isSid(grant(found, 'voice')!.push_credential_sid, 'CR'), says: 'voice.push_credential_sid must be the SID of a push credential (CR…)' }],
  region('video', ['us1']),
  region('chat', ['us1', 'ie1'])
]

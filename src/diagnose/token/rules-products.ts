import { isRecord } from '../../lib/is-record.js'
import { shown, type Json } from './json.js'
import { misspeltIn, type Misspelt } from './misspelt.js'
import { isSid, type TokenFacts, type Group } from './rule.js'

/** Voice accepts about this much as outgoing params. */
const MAX_PARAMS_BYTES = 800

const object = (value: unknown): Json => isRecord(value) ? value : {}
const grant = ({ grants }: TokenFacts, name: string): Json | undefined => isRecord(grants[name]) ? grants[name] : undefined
const misspelt = (found: TokenFacts, name: string): Misspelt[] => misspeltIn(name, grant(found, name) ?? {})
/** Whether the property is missing because it is misspelt, which another rule reports. */
const isMeant = (found: TokenFacts, name: string, path: string): boolean => misspelt(found, name).some(({ meant }) => meant?.path === path)
const length = (text: unknown): number => typeof text === 'string' ? [...text].length : 0

function correction (product: string, { name, meant, twice }: Misspelt): string {
  const effect = twice ? 'which is there as well' : `and without it ${meant!.without}`
  return `Twilio reads no ${name}; it is called ${product}.${meant!.path}, ${effect}`
}

function renamed (product: string, { name, meant, twice }: Misspelt): string {
  return twice ? `Leave ${name} out.` : `Write ${product}.${meant!.path} in the place of ${name}.`
}

/** Rules for properties that Twilio does not read: misspelt ones, and all others. */
const spelling = (name: string): Group[] => [
  [{
    code: 20106,
    misread: true,
    when: found => misspelt(found, name).some(({ meant }) => meant !== undefined),
    says: found => misspelt(found, name).filter(({ meant }) => meant !== undefined).map(one => correction(name, one)).join('. '),
    fix: found => misspelt(found, name).filter(({ meant }) => meant !== undefined).map(one => renamed(name, one)).join(' ')
  }],
  [{
    code: 20106,
    advice: true,
    when: found => misspelt(found, name).some(({ meant }) => meant === undefined),
    says: found => `Twilio's libraries write no ${misspelt(found, name).filter(({ meant }) => meant === undefined).map(({ name }) => name).join(', ')}, so it has no effect`
  }]
]

const service = (name: string, fits: (sid: unknown) => boolean, form: string): Group => [
  { code: 51007, when: found => grant(found, name) !== undefined && grant(found, name)!.service_sid === undefined && !isMeant(found, name, 'service_sid'), says: `${name} has no service_sid; it must be ${form}`, fix: `Write ${name}.service_sid: ${form}.` },
  { code: 51007, when: found => grant(found, name)?.service_sid !== undefined && !fits(grant(found, name)!.service_sid), says: found => `${name}.service_sid is ${shown(grant(found, name)!.service_sid)}; it must be ${form}`, fix: `Write ${form} as ${name}.service_sid.` }
]

const pushCredential = (name: string): Group => [{
  code: 20106,
  when: found => grant(found, name)?.push_credential_sid !== undefined && !isSid(grant(found, name)!.push_credential_sid, 'CR'),
  says: `${name}.push_credential_sid must be the SID of a push credential (CR…)`,
  fix: `Write the SID of a push credential (CR…) as ${name}.push_credential_sid, or leave it out.`
}]

const inVoice = (found: TokenFacts, direction: 'incoming' | 'outgoing'): unknown => grant(found, 'voice')?.[direction]

const voice: Group[] = [
  [
    {
      code: 20106,
      misread: true,
      when: found => inVoice(found, 'outgoing') !== undefined && !isRecord(inVoice(found, 'outgoing')),
      says: found => `voice.outgoing is ${shown(inVoice(found, 'outgoing'))}; it must be {"application_sid":"AP…"}, and without that the holder cannot call out`,
      fix: 'Write "outgoing":{"application_sid":"AP…"} with the SID of a TwiML app, or leave outgoing out.'
    },
    {
      code: 21218,
      when: found => isRecord(inVoice(found, 'outgoing')) && !isSid(object(inVoice(found, 'outgoing')).application_sid, 'AP') && !isMeant(found, 'voice', 'outgoing.application_sid'),
      says: found => `voice.outgoing.application_sid is ${shown(object(inVoice(found, 'outgoing')).application_sid)}; it must be the SID of a TwiML app (AP…)`,
      fix: 'Write the SID of a TwiML app (AP…) as voice.outgoing.application_sid; this broker takes it from TWILIO_TWIML_APP_SID.'
    }
  ],
  [
    {
      code: 20106,
      misread: true,
      when: found => inVoice(found, 'incoming') !== undefined && !isRecord(inVoice(found, 'incoming')),
      says: found => `voice.incoming is ${shown(inVoice(found, 'incoming'))}; it must be {"allow":true}, and without that nobody can call the holder`,
      fix: 'Write "incoming":{"allow":true}, or leave incoming out.'
    },
    { code: 31002, advice: true, when: found => Object.keys(grant(found, 'voice') ?? { other: 1 }).length === 0, says: 'voice allows neither calls in nor calls out' },
    {
      code: 20106,
      advice: true,
      when: found => isRecord(inVoice(found, 'incoming')) && object(inVoice(found, 'incoming')).allow !== true && !isMeant(found, 'voice', 'incoming.allow'),
      says: 'voice.incoming.allow is not exactly true, so nobody can call in'
    }
  ],
  [{
    code: 31103,
    when: found => new TextEncoder().encode(JSON.stringify(object(inVoice(found, 'outgoing')).params ?? '')).length > MAX_PARAMS_BYTES,
    says: `voice.outgoing.params have more than about ${MAX_PARAMS_BYTES} bytes`,
    fix: 'Pass a short key in params, and look up the rest where the TwiML app\'s URL answers.'
  }]
]

/** Rules about the content of each grant. */
export const inGrants: Group[] = [
  ...['voice', 'video', 'chat', 'data_sync', 'task_router'].flatMap(spelling),
  [
    { code: 53100, when: found => grant(found, 'video')?.room !== undefined && typeof grant(found, 'video')!.room !== 'string', says: 'video.room is no string', fix: 'Write one room\'s name or SID (RM…) as video.room, as text.' },
    { code: 53101, when: found => length(grant(found, 'video')?.room) > 128, says: 'video.room has more than 128 characters', fix: 'Use a room\'s name of at most 128 characters.' },
    { code: 53104, advice: true, when: found => grant(found, 'video')?.room === '', says: 'video.room is empty, which lets the holder into any room' }
  ],
  service('chat', sid => isSid(sid, 'IS'), 'the SID of a Conversations or Chat service (IS…)'),
  service('data_sync', sid => sid === 'default' || isSid(sid, 'IS'), 'the SID of a Sync service (IS…) or default'),
  ...voice,
  pushCredential('voice'),
  pushCredential('chat')
]

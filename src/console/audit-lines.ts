import { grantsInWords } from '../diagnose/token/words.js'
import type { Event } from './operator-data.js'

export interface Filter {
  event: '' | Event['event']
  product: string
  /** In any of caller, identity, address, code and request id. */
  text: string
}

/** Returns the events that match a filter, newest first. */
export function matching (events: Event[], { event, product, text }: Filter): Event[] {
  const wanted = text.trim().toLowerCase()
  return events.filter(one =>
    (event === '' || one.event === event) &&
    (product === '' || one.products?.includes(product)) &&
    [one.caller, one.identity, one.ip, one.code, one.requestId].some(value => (value ?? '').toLowerCase().includes(wanted))
  ).reverse()
}

export const eventNames: Record<Event['event'], string> = {
  'token.issued': 'issued', 'token.refused': 'refused', 'session.opened': 'signed in', 'session.ended': 'signed out'
}

const HMAC = 'hmac:'

/** Whether the line has a keyed hash in the place of a name. */
export function isHashed ({ caller = '' }: Pick<Event, 'caller'>): boolean {
  return caller.startsWith(HMAC)
}

/** Who asked, in words. */
export function callerOf (event: Pick<Event, 'caller' | 'identity'>): string {
  const { caller, identity } = event
  if (caller === undefined) return 'unknown'
  if (isHashed(event)) return `not proven (${caller.slice(HMAC.length, HMAC.length + 8)}…)`
  return identity === undefined || identity === caller ? caller : `${caller} as ${identity}`
}

/** What became of the request, in sentences. */
export function outcomeOf ({ code, reason, grants, sessionId, wouldRefuse }: Event): string[] {
  if (code !== undefined) return [reason === undefined ? code : `${code}: ${reason}`]
  const granted = grants === undefined ? [`session ${sessionId}`] : grantsInWords(grants)
  return wouldRefuse === undefined ? granted : [...granted, `the policy would refuse it: ${wouldRefuse}`]
}

const two = (number: number) => String(number).padStart(2, '0')

/** Local time; with the date where it is not today. */
export function timeOf (iso: string, now = new Date()): string {
  const date = new Date(iso)
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return date.toDateString() === now.toDateString() ? time : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`
}

/** Hours and minutes of a time in seconds since 1970. */
export function minuteOf (seconds: number): string {
  const date = new Date(seconds * 1000)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** The zone of local times, as the distance to UTC: `UTC+01:00`. */
export function zoneOf (date = new Date()): string {
  const minutes = -date.getTimezoneOffset()
  const size = Math.abs(minutes)
  return minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** Reads a part of the page's address. Anybody can write one that is none. */
export function decoded (part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

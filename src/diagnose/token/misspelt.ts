import { distance } from 'fastest-levenshtein'
import { shapes, type Property } from './grant-shapes.js'
import { isRecord } from '../../lib/is-record.js'
import { shown, type Json } from './json.js'

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')
const isNear = (one: string, other: string): boolean => distance(one, other) <= (other.length < 5 ? 1 : 2)

/** The grant that somebody meant by this name; undefined where it is right, or like none. */
export function meantGrant (name: string): string | undefined {
  if (Object.hasOwn(shapes, name)) return undefined
  const word = plain(name).replace(/grants?$/, '')
  const known = Object.entries(shapes)
  return (known.find(([grant, { also }]) => plain(grant) === word || also.includes(word)) ??
    known.find(([grant, { also }]) => [plain(grant), ...also].some(other => isNear(word, other))))?.[0]
}

/** Whether somebody meant `grants.identity` by this name. */
export function meantIdentity (name: string): boolean {
  const word = plain(name)
  return name !== 'identity' && (['identity', 'user', 'userid', 'username', 'name'].includes(word) || isNear(word, 'identity'))
}

/** A property that Twilio does not read, and the one that was meant, if it is like one. */
export interface Misspelt {
  /** With the grant's name, as it may be shown. */
  name: string
  meant: Property | undefined
  /** Whether the right one is there as well. */
  twice: boolean
}

/** What a grant holds that Twilio does not read. */
export function misspeltIn (grant: string, payload: Json): Misspelt[] {
  const { properties } = shapes[grant]!
  return walk(payload, '').filter(path => !isKnown(path, properties)).map(path => {
    const meant = meantProperty(path, properties)
    return { name: `${grant}.${shown(path)}`, meant, twice: meant !== undefined && valueAt(payload, meant.path) !== undefined }
  })
}

/** The paths of a payload, two levels deep. What `outgoing.params` hold is the author's own. */
function walk (payload: Json, before: string): string[] {
  return Object.entries(payload).flatMap(([name, value]) =>
    before === '' && ['incoming', 'outgoing'].includes(name) && isRecord(value) ? walk(value, `${name}.`) : [`${before}${name}`])
}

function isKnown (path: string, properties: Property[]): boolean {
  return properties.some(known => known.path === path)
}

function meantProperty (path: string, properties: Property[]): Property | undefined {
  const name = path.split('.').at(-1)!
  const word = plain(name)
  const last = ({ path }: Property) => plain(path.split('.').at(-1)!)
  return properties.find(known => plain(known.path) === word || last(known) === word || known.also?.includes(word)) ??
    properties.find(known => isNear(word, last(known))) ??
    properties.find(known => word.includes(last(known)))
}

function valueAt (payload: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => isRecord(value) ? value[name] : undefined, payload)
}

import { distance } from 'fastest-levenshtein'
import { shapes, type Property } from './grant-shapes.js'
import { isRecord } from '../../lib/is-record.js'
import { shown, type Json } from './json.js'

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')
const isNear = (one: string, other: string): boolean => distance(one, other) <= (other.length < 5 ? 1 : 2)

/** Finds the grant that was meant by a name; undefined if the name is correct or not similar to any. */
export function meantGrant (name: string): string | undefined {
  if (Object.hasOwn(shapes, name)) return undefined
  const word = plain(name).replace(/grants?$/, '')
  const known = Object.entries(shapes)
  return (known.find(([grant, { also }]) => plain(grant) === word || also.includes(word)) ??
    known.find(([grant, { also }]) => [plain(grant), ...also].some(other => isNear(word, other))))?.[0]
}

/** Whether `grants.identity` was meant by a name. */
export function meantIdentity (name: string): boolean {
  const word = plain(name)
  return name !== 'identity' && (['identity', 'user', 'userid', 'username', 'name'].includes(word) || isNear(word, 'identity'))
}

/** A property that Twilio does not read, and the one that was probably meant. */
export interface Misspelt {
  /** Prefixed by the grant's name, and safe to display. */
  name: string
  meant: Property | undefined
  /** Whether the correct property exists as well. */
  twice: boolean
}

/** Finds the properties of a grant that Twilio does not read. */
export function misspeltIn (grant: string, payload: Json): Misspelt[] {
  const { properties } = shapes[grant]!
  return walk(payload, '').filter(path => !isKnown(path, properties)).map(path => {
    const meant = meantProperty(path, properties)
    return { name: `${grant}.${shown(path)}`, meant, twice: meant !== undefined && valueAt(payload, meant.path) !== undefined }
  })
}

/** Lists the paths of a payload, two levels deep: the content of `outgoing.params` is free. */
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

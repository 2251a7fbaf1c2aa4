import { isDeepStrictEqual } from 'node:util'
import envSchema from 'env-schema'
import { newAjv } from '../lib/ajv.js'
import { Type, type TObject, type TSchema } from '../lib/typebox.js'
import type { LoadedProduct } from '../products/contract.js'
import { rules } from './rules.js'
import { schema, type Settings } from './schema.js'
import type { Environment } from './sources.js'
import { heldBy, type Unknown } from './unknown.js'

/**
 * What is wrong with one setting by itself; undefined when nothing is.
 * @param products whose settings there are besides the broker's own
 */
export function valueMistake (name: string, value: string, products: LoadedProduct[] = []): string | undefined {
  const mistakes: string[] = []
  const { properties } = withProducts(products, [])
  const values = validated(Type.Object({ [name]: properties[name]! }), { [name]: value }, mistakes, [])
  for (const rule of rules) mistakes.push(...rule(values))
  return mistakes.find(mistake => mistake.startsWith(name))
}

/** The schema of all settings. A product's own are optional: without them the product is off, not the broker wrong. */
export function withProducts (products: LoadedProduct[], mistakes: string[]): TObject {
  const properties: Record<string, TSchema> = { ...schema.properties }
  for (const product of products) {
    const { name, settings } = product
    for (const [setting, given] of Object.entries(settings.properties)) {
      const rule = Type.Optional(given)
      // Products may share a setting, such as a push credential, where they mean the same by it.
      if (!(setting in schema.properties) && isDeepStrictEqual(rule, properties[setting])) continue
      if (setting in properties) mistakes.push(`PRODUCTS: the plugin ${name} claims the setting ${setting}, which is taken`)
      else properties[setting] = rule
    }
  }
  return Type.Object(properties)
}

interface Fault { instancePath: string, params: { missingProperty?: string } }

/** With mistakes, what is right is still returned, so that the rules between settings find theirs in the same go. */
export function validated (all: TObject, variables: Environment, mistakes: string[], unknown: Unknown[]): Partial<Settings> {
  const given = Object.entries(variables).filter(([name]) => name in all.properties)
  const unreadable = given.filter(([name, value]) => (all.properties[name] as { type?: string }).type === 'integer' && !/^[+-]?\d+$/.test(value!.trim()))
  mistakes.push(...unreadable.map(([name, value]) => wrong(name, value!, all)))
  const known = Object.fromEntries(given.filter(entry => !unreadable.includes(entry)))
  try {
    // An ajv of its own: the one that env-schema shares keeps every schema it ever saw, and here each is new. Handed over as it is, as
    // env-schema would first make another one for a function of options.
    return envSchema<Settings>({ schema: all, data: known, env: false, ajv: newAjv('settings') })
  } catch (error) {
    const { errors, message } = error as Error & { errors?: Fault[] }
    if (errors === undefined) {
      mistakes.push(`PRODUCTS: the plugins' settings cannot be read together: ${message}`)
      return known
    }
    const bad = new Set(errors.map(({ instancePath, params }) => params.missingProperty ?? instancePath.slice(1)))
    for (const name of bad) {
      if (known[name] !== undefined) mistakes.push(wrong(name, known[name], all))
      // A file that was to hold it is a mistake by now.
      else if (!(`${name}_FILE` in variables)) mistakes.push(missing(name, all, unknown))
    }
    return validated(Type.Partial(all), Object.fromEntries(Object.entries(known).filter(([name]) => !bad.has(name))), mistakes, unknown)
  }
}

function missing (name: string, all: TObject, unknown: Unknown[]): string {
  const found = unknown.find(({ near }) => heldBy(near) === name)
  return found === undefined
    ? `${name} is missing; it must be ${rule(name, all)}`
    : `${name} is missing: ${found.mistake}`
}

const sids: Record<string, string> = {
  AC: 'an account SID', SK: 'an API key SID', AP: 'a TwiML app SID', IS: 'a service SID', CR: 'a push credential SID'
}

/** A SID in another's place is the commonest mistake, and its kind is no secret. */
function wrong (name: string, value: string, all: TObject): string {
  const kind = /^[A-Z]{2}(?=[0-9a-f]{32}$)/i.exec(value)?.[0]
  const holds = kind && sids[kind] ? `; it holds ${sids[kind]} (${kind}…)` : ''
  return `${name} must be ${rule(name, all)}${holds}`
}

function rule (name: string, all: TObject): string {
  const { description = 'of the form its product gives' } = all.properties[name] as { description?: string }
  return description
}

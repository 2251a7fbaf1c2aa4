import { isDeepStrictEqual } from 'node:util'
import envSchema from 'env-schema'
import { newAjv } from '../lib/ajv.js'
import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import { Type, type TObject, type TSchema } from '../lib/typebox.js'
import type { LoadedProduct } from '../products/contract.js'
import { schema, type Settings } from './schema.js'
import type { Environment } from './sources.js'

/**
 * Combines the schema of the broker's own settings with those of products. Products' settings are optional: without them a product is off.
 */
export function allSettings (products: LoadedProduct[]): { schema: TObject, diagnostics: Diagnostic[] } {
  const properties: Record<string, TSchema> = { ...schema.properties }
  const diagnostics: Diagnostic[] = []
  for (const { name, settings } of products) {
    for (const [setting, given] of Object.entries(settings.properties)) {
      const rule = Type.Optional(given)
      // Products may share a setting, such as a push credential, if they define it in the same way.
      if (!(setting in schema.properties) && isDeepStrictEqual(rule, properties[setting])) continue
      if (setting in properties) diagnostics.push(mistake('PRODUCTS', 'conflict', `PRODUCTS: the plugin ${name} claims the setting ${setting}, which is taken`))
      else properties[setting] = rule
    }
  }
  return { schema: Type.Object(properties), diagnostics }
}

interface Validated {
  /** The valid settings, even if others have mistakes, so that rules about several settings are checked in the same run. */
  values: Partial<Settings>
  diagnostics: Diagnostic[]
}

/** Validates variables by a schema. @param missing makes the diagnostic for a required setting that is missing */
export function validate (all: TObject, variables: Environment, missing: (name: string, all: TObject) => Diagnostic): Validated {
  const given = Object.entries(variables).filter(([name]) => name in all.properties)
  const isNoInteger = ([name, value]: [string, string | undefined]) => (all.properties[name] as { type?: string }).type === 'integer' && !/^[+-]?\d+$/.test(value!.trim())
  const diagnostics = given.filter(isNoInteger).map(([name, value]) => wrong(name, value!, all))
  const known = Object.fromEntries(given.filter(entry => !isNoInteger(entry)))
  try {
    // A new ajv each time: the one that env-schema shares would keep every schema for ever.
    return { values: envSchema<Settings>({ schema: neededOf(all, known), data: known, env: false, ajv: newAjv('settings') }), diagnostics }
  } catch (error) {
    const { errors, message } = error as Error & { errors?: Fault[] }
    // Schemas of several plugins may contradict each other.
    if (errors === undefined) {
      return { values: known, diagnostics: [...diagnostics, mistake('PRODUCTS', 'conflict', `PRODUCTS: the plugins' settings cannot be read together: ${message}`)] }
    }
    const faulty = faultySettings(errors)
    for (const name of faulty) {
      if (known[name] !== undefined) diagnostics.push(wrong(name, known[name], all))
      // Already reported: the file that should contain the setting cannot be read.
      else if (!(`${name}_FILE` in variables)) diagnostics.push(missing(name, all))
    }
    const rest = validate(Type.Partial(all), Object.fromEntries(Object.entries(known).filter(([name]) => !faulty.has(name))), missing)
    return { values: rest.values, diagnostics: [...diagnostics, ...rest.diagnostics] }
  }
}

/**
 * The schema without those of the broker's own settings that are optional and not set: for them ajv would generate half of its code.
 * Those of products stay, so that it shows whether they go together.
 */
function neededOf (all: TObject, known: Environment): TObject {
  const isNeeded = ([name, property]: [string, TSchema]): boolean =>
    name in known || 'default' in property || !(name in schema.properties) || all.required?.includes(name) === true
  return { ...all, properties: Object.fromEntries(Object.entries(all.properties).filter(isNeeded)) }
}

interface Fault { instancePath: string, params: { missingProperty?: string } }

/** The settings that are wrong or missing. */
function faultySettings (faults: Fault[]): Set<string> {
  return new Set(faults.map(({ instancePath, params }) => params.missingProperty ?? instancePath.split('/')[1]!))
}

export function missingSetting (name: string, all: TObject): Diagnostic {
  return mistake(name, 'missing', `${name} is missing; it must be ${rule(name, all)}`)
}

const SID_KINDS: Record<string, string> = {
  AC: 'an account SID', SK: 'an API key SID', AP: 'a TwiML app SID', IS: 'a service SID', CR: 'a push credential SID'
}

/** Names the kind of a SID in the wrong setting: that is the most frequent mistake, and the kind is no secret. */
function wrong (name: string, value: string, all: TObject): Diagnostic {
  const kind = /^[A-Z]{2}(?=[0-9a-f]{32}$)/i.exec(value)?.[0]
  const holds = kind && SID_KINDS[kind] ? `; it holds ${SID_KINDS[kind]} (${kind}…)` : ''
  return mistake(name, 'invalid', `${name} must be ${rule(name, all)}${holds}`)
}

function rule (name: string, all: TObject): string {
  const { description = 'of the form its product gives' } = all.properties[name] as { description?: string }
  return description
}

import type { TObject } from '../lib/typebox.js'
import { nearMiss } from '../lib/did-you-mean.js'
import { fromFile } from './schema.js'
import type { Environment, Findings } from './sources.js'

/** A variable that looks like a mistyped setting. */
export interface Unknown {
  /** The setting that was meant. */
  near: string
  mistake: string
}

export function unknownVariables (variables: Environment, all: TObject, called: (variable: string) => string): Unknown[] {
  return Object.keys(variables).flatMap(variable => {
    const near = nearestOf(variable, variables, all)
    return near === undefined ? [] : [{ near, mistake: `${called(variable)} is not a setting; did you mean ${near}?` }]
  })
}

/** Variables of Twilio's other tools that are often taken for what this one needs. */
export function withoutUse ({ TWILIO_AUTH_TOKEN: authToken }: Environment): string[] {
  return authToken === undefined
    ? []
    : ['TWILIO_AUTH_TOKEN has no use here: it cannot sign access tokens; what can is an API key (TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET)']
}

/** Those that stand in no mistake yet: a mistake beside a setting that is missing, else a warning. */
export function strangers (unknown: Unknown[], mistakes: string[]): Findings {
  const rest = unknown.filter(({ mistake }) => !mistakes.some(other => other.includes(mistake)))
  const isMissing = (name: string) => mistakes.some(mistake => mistake.startsWith(`${name} is missing`))
  const sentences = (beside: boolean) => [...new Set(rest.filter(({ near }) => isMissing(heldBy(near)) === beside).map(({ mistake }) => mistake))]
  return { mistakes: sentences(true), warnings: sentences(false) }
}

/** Whether there is such a setting, or such a setting's file. */
function isSetting (variable: string, all: TObject): boolean {
  return heldBy(variable) in all.properties
}

/** The setting that a `<NAME>_FILE` holds; of any other, itself. */
export function heldBy (setting: string): string {
  return fromFile.find(name => setting === `${name}_FILE`) ?? setting
}

/** The setting that a variable may have been meant for, rather one that is not set; undefined where it is a setting itself. */
function nearestOf (variable: string, variables: Environment, all: TObject): string | undefined {
  if (isSetting(variable, all)) return undefined
  const names = [...Object.keys(all.properties), ...fromFile.map(name => `${name}_FILE`)]
  const unset = names.filter(name => variables[heldBy(name)] === undefined)
  return nearMiss(variable, unset) ?? nearMiss(variable, names)
}

import { mistake, warning, type Diagnostic } from '../lib/diagnostic.js'
import type { TObject } from '../lib/typebox.js'
import { nearMiss } from '../lib/did-you-mean.js'
import { fromFile } from './from-file.js'
import type { Environment } from './sources.js'

/** A variable that looks like a misspelt setting. */
export interface Misspelt {
  /** The setting that was probably meant. */
  meant: string
  /** The variable's name, or the line where it is. */
  called: string
  message: string
}

export function misspeltVariables (variables: Environment, all: TObject, called: (variable: string) => string): Misspelt[] {
  return Object.keys(variables).flatMap(variable => {
    const meant = nearestOf(variable, variables, all)
    return meant === undefined ? [] : [{ meant, called: called(variable), message: `${called(variable)} is not a setting; did you mean ${meant}?` }]
  })
}

/** Warns of TWILIO_AUTH_TOKEN, which other tools use and which is often mistaken for the API key's secret. */
export function withoutUse ({ TWILIO_AUTH_TOKEN: authToken }: Environment): Diagnostic[] {
  return authToken === undefined
    ? []
    : [warning('TWILIO_AUTH_TOKEN', 'no-effect', 'TWILIO_AUTH_TOKEN has no use here: it cannot sign access tokens; what can is an API key (TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET)')]
}

/** Reports each misspelt variable: as a mistake if the setting that was meant is missing, else as a warning. */
export function reportMisspelt (misspelt: Misspelt[], diagnostics: Diagnostic[]): Diagnostic[] {
  const missing = new Set(diagnostics.filter(({ code }) => code === 'missing').map(({ subject }) => subject))
  const distinct = new Map(misspelt.map(one => [one.message, one]))
  return Array.from(distinct.values(), ({ meant, called, message }) => missing.has(heldBy(meant)) ? mistake(called, 'unknown', message) : warning(called, 'unknown', message))
}

/** Whether a variable is a setting, or the file of a setting. */
function isSetting (variable: string, all: TObject): boolean {
  return heldBy(variable) in all.properties
}

/** Returns `<NAME>` for a `<NAME>_FILE` setting; any other name unchanged. */
export function heldBy (setting: string): string {
  return fromFile.find(name => setting === `${name}_FILE`) ?? setting
}

/** Finds the setting that a variable was probably meant for, preferring one that is not set; undefined where it is a setting itself. */
function nearestOf (variable: string, variables: Environment, all: TObject): string | undefined {
  if (isSetting(variable, all)) return undefined
  const names = [...Object.keys(all.properties), ...fromFile.map(name => `${name}_FILE`)]
  const nearest = nearMiss(variable, names)
  return nearest && (nearMiss(variable, names.filter(name => variables[heldBy(name)] === undefined)) ?? nearest)
}

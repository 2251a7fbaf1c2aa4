import { newAjv } from '../../lib/ajv.js'
import type { Diagnostic } from '../../lib/diagnostic.js'
import type { ProductDescription } from '../../products/contract.js'
import { compile } from '../compile.js'
import type { Policy } from '../policy.js'
import { readDocument } from './document.js'
import type { Fault, PlacedFault } from './fault.js'
import { faultOf } from './messages.js'
import { policySchema, type PolicyFile } from './schema.js'
import { faultyNames, namesThatFold, withoutEffect } from './semantics.js'

export interface PolicyReading {
  /** Null if there is a mistake. */
  policy: Policy | null
  /** In the file's order. */
  diagnostics: Diagnostic[]
  /** With a policy: the place of a rule, counted from 0, for its operator: `policy.yaml:7:5, rule 2`. */
  whereIs? (rule: number): Promise<string>
}

/**
 * Reads a policy, YAML or JSON.
 * @param file the file as its operator named it
 */
export type PolicyReader = (text: string, file: string) => Promise<PolicyReading>

export interface PolicyOptions {
  enabled: Iterable<ProductDescription>
  /** Products that a policy may name although they are off. Enabled ones may be among them. Default: none. */
  known?: Iterable<ProductDescription>
  /** Whether callers come from a store that may take several spellings of a name. Default: false, as in a users file each name has one. */
  foldNames?: boolean
  /** Whether callers come from a store that may answer groups, so that a policy may name some that it does not list. Default: false. */
  storeGroups?: boolean
  /** Whether there are more products, about which a policy may say whatever it likes. Default: false. */
  more?: boolean
}

/** Makes a reader of policies for these products. Making it takes some milliseconds, so keep it for the reloads. */
export function policyReader ({ enabled, known = [], foldNames = false, storeGroups = false, more = false }: PolicyOptions): PolicyReader {
  const all = [...known, ...enabled]
  const off = new Set(all.map(nameOf))
  for (const product of enabled) off.delete(nameOf(product))
  const validate = newAjv('policy').compile<PolicyFile>(policySchema(all, more))

  return async (text, file) => {
    const document = await readDocument(text)
    if ('faults' in document) return { policy: null, diagnostics: diagnosticsOf(file, 'mistake', document.faults) }

    const { value } = document
    const valid = validate(value)
    const faults = [...(validate.errors ?? []).map(faultOf), ...faultyNames(value, storeGroups), ...foldNames ? namesThatFold(value) : []]
    if (!valid || faults.length > 0) return { policy: null, diagnostics: diagnosticsOf(file, 'mistake', await document.place(faults)) }

    const policy = compile(value, { foldNames, storeGroups })
    const warnings = [...auditOnly(policy), ...withoutEffect(value, off), ...policy.idle.map(neverDecides)]
    return {
      policy,
      diagnostics: diagnosticsOf(file, 'warning', await document.place(warnings)),
      async whereIs (rule) {
        const { line, column } = await document.positionOf(['rules', String(rule)])
        return `${file}:${line}:${column}, rule ${rule + 1}`
      }
    }
  }
}

function nameOf (product: ProductDescription): string {
  return product.name
}

/** In the file's order, each once: a fault that an alias repeats is reported at one place. */
function diagnosticsOf (file: string, level: Diagnostic['level'], faults: PlacedFault[]): Diagnostic[] {
  const distinct = new Map(faults.map(fault => [`${fault.position.line}:${fault.position.column} ${fault.message}`, fault]))
  return [...distinct.values()]
    .sort(({ position: a }, { position: b }) => a.line - b.line || a.column - b.column)
    .map(fault => ({ level, subject: file, ...fault }))
}

function auditOnly ({ mode }: Policy): Fault[] {
  return mode === 'audit' ? [{ code: 'insecure', path: ['mode'], message: 'nothing is refused by this policy yet: mode is audit' }] : []
}

function neverDecides (rule: number): Fault {
  return { code: 'no-effect', path: ['rules', String(rule)], message: `rule ${rule + 1} never decides: rules above it take everybody it names` }
}

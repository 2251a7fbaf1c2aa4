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
  /** Returns the position of a rule, counted from 0, for messages: `policy.yaml:7:5, rule 2`. Undefined without a policy. */
  whereIs? (rule: number): Promise<string>
}

/**
 * Reads a policy, YAML or JSON.
 * @param file the name of the file, as the operator wrote it
 */
export type PolicyReader = (text: string, file: string) => Promise<PolicyReading>

export interface PolicyOptions {
  enabled: Iterable<ProductDescription>
  /** Products that a policy may name although they are not enabled. May contain enabled ones. Default: none. */
  known?: Iterable<ProductDescription>
  /** Whether the store may accept several spellings of a name. Rules then ignore case, accents and width (`foldText`). Default: false. */
  foldNames?: boolean
  /** Whether the store of callers may answer groups, so that a policy may name groups that it does not list. Default: false. */
  storeGroups?: boolean
  /** Whether there are products whose code is not loaded: their entries in a policy are not checked. Default: false. */
  more?: boolean
}

/** Creates a reader of policies for these products. That takes some milliseconds, so keep it for reloads. */
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

/** Sorts by position, and drops repetitions: an alias can repeat a fault. */
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

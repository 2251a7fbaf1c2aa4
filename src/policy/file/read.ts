import type { ProductDescription } from '../../products/contract.js'
import { newAjv } from '../../lib/ajv.js'
import { namesAtFault, namesThatFold, withoutEffect } from './semantics.js'
import { compile } from '../compile.js'
import { tooDeep } from './nesting.js'
import { readJson } from './json.js'
import type { Policy } from '../policy.js'
import { policySchema, type PolicyFile } from './schema.js'
import { faultOf, type Fault } from './messages.js'
import type { Finding, Yaml } from './yaml.js'

export interface PolicyReading {
  /** Null with mistakes. */
  policy: Policy | null
  /** All of them in the file's order, each as `policy.yaml:7:3 …`: what is wrong and what to do. */
  mistakes: string[]
  /** The same for what may be meant as it is. */
  warnings: string[]
  /** With a policy: the place of a rule, counted from 0, for its operator: `policy.yaml:7:5, rule 2`. */
  whereIs? (rule: number): Promise<string>
}

/**
 * Reads a policy, YAML or JSON.
 * @param file what its operator calls the file
 */
export type PolicyReader = (text: string, file: string) => Promise<PolicyReading>

export interface PolicyOptions {
  enabled: Iterable<ProductDescription>
  /** What a policy may name though it is off; those that are enabled may be among them. Default: none. */
  known?: Iterable<ProductDescription>
  /** Callers come from a store that may take several spellings of a name. Default: from a users file, where each name has one. */
  foldNames?: boolean
  /** Whether there are more products, about which a policy may say whatever it likes. Default: false. */
  more?: boolean
}

/** UTF-16 units. Ten thousand rules are about a million. */
const longest = 4 * 1024 * 1024

/** Makes a reader of policies for these products. Making it takes some milliseconds, so keep it for the reloads. */
export function policyReader ({ enabled, known = [], foldNames = false, more = false }: PolicyOptions): PolicyReader {
  const all = [...known, ...enabled]
  const off = new Set(all.map(nameOf))
  for (const product of enabled) off.delete(nameOf(product))
  const validate = newAjv('policy').compile<PolicyFile>(policySchema(all, more))

  return async (text, file) => {
    const listed = (findings: Iterable<Finding>) => inOrder(findings).map(({ line, col, says }) => `${file}:${line}:${col} ${says}`)
    const refused = (findings: Iterable<Finding>) => ({ policy: null, mistakes: listed(findings), warnings: [] })

    if (text.length > longest) return refused([{ line: 1, col: 1, says: 'is larger than 4 MiB, which no policy needs' }])
    const deep = tooDeep(text)
    if (deep !== undefined) return refused([{ ...deep, says: 'nested too deep for a policy' }])

    let yaml: Promise<Yaml> | undefined
    // Loaded where it is needed: it is an eighth of all files that a start reads, and JSON needs it for the places of mistakes alone.
    const asYaml = () => (yaml ??= import('./yaml.js').then(({ readYaml }) => readYaml(text)))
    const { value, mistakes } = readJson(text) ?? await asYaml()
    if (mistakes.length > 0) return refused(mistakes)
    if (value === null) return refused([{ line: 1, col: 1, says: 'holds nothing, so nobody could have anything; write rules' }])

    const placed = async (faults: Fault[]): Promise<Finding[]> => {
      if (faults.length === 0) return []
      const { positionOf } = await asYaml()
      return faults.map(({ path, of, says }) => ({ ...positionOf(path, of), says }))
    }
    const valid = validate(value)
    const faults = [...(validate.errors ?? []).map(faultOf), ...namesAtFault(value), ...foldNames ? namesThatFold(value) : []]
    if (!valid || faults.length > 0) return refused(await placed(faults))

    const policy = compile(value, foldNames)
    const warnings = [...auditOnly(policy), ...withoutEffect(value, off), ...policy.idle.map(neverDecides)]
    return {
      policy,
      mistakes: [],
      warnings: listed(await placed(warnings)),
      async whereIs (rule) {
        const { line, col } = (await asYaml()).positionOf(['rules', String(rule)])
        return `${file}:${line}:${col}, rule ${rule + 1}`
      }
    }
  }
}

function nameOf (product: ProductDescription): string {
  return product.name
}

/** Once each: what an alias repeats is at fault in one place only. */
function inOrder (findings: Iterable<Finding>): Finding[] {
  const distinct = new Map(Array.from(findings, finding => [`${finding.line}:${finding.col} ${finding.says}`, finding]))
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.col - b.col)
}

function auditOnly ({ mode }: Policy): Fault[] {
  return mode === 'audit' ? [{ path: ['mode'], says: 'nothing is refused by this policy yet: mode is audit' }] : []
}

function neverDecides (rule: number): Fault {
  return { path: ['rules', String(rule)], says: `rule ${rule + 1} never decides: rules above it take everybody it names` }
}

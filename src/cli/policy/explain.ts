import { bearerPrefix, groupLimits, groupsIn, isBearer, nameMistake, type Caller } from '../../caller.js'
import { validatorOf } from '../../lib/ajv.js'
import { textsOf } from '../../lib/diagnostic.js'
import { didYouMean } from '../../lib/did-you-mean.js'
import { decide, tokenTtl, type DecisionOptions } from '../../policy/decide.js'
import { loadPolicy } from '../../policy/file/load.js'
import { policyReader, type PolicyReading } from '../../policy/file/read.js'
import { allowAll, type Policy } from '../../policy/policy.js'
import { Problem, invalidRequest } from '../../problems.js'
import type { EnabledProduct } from '../../products/contract.js'
import type { CommonRequest } from '../../products/schemas.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { errorLines } from '../problem-lines.js'
import { productsOf, type PolicyContext } from './context.js'

/** The properties of a request that have an option. */
interface RequestOptions extends CommonRequest {
  room?: string
  incoming?: boolean
  outgoing?: boolean
  groups?: string
  json?: boolean
}

/**
 * `policy explain NAME PRODUCT`: prints which rule decides, and what the broker would answer.
 * @throws Failure for a name that no caller has, a product that is not enabled, and a policy with mistakes
 */
export async function explainDecision (
  io: Io,
  context: PolicyContext,
  typed: string,
  productName: string,
  { json, groups, ...request }: RequestOptions
): Promise<number> {
  const caller = callerOf(typed.normalize('NFC'), groups, context)
  const enabled = context.enabled.find(({ product }) => product.name === productName)
  if (enabled === undefined) {
    throw new Failure(exitCodes.usage, `${productName} is not an enabled product${didYouMean(productName, productsOf(context).map(product => product.name))}`)
  }
  const explanation = await explain(await readPolicy(io, context), context, caller, enabled, request)
  io.stdout.write(json ? `${JSON.stringify(explanation)}\n` : inWords(explanation))
  return explanation.allowed ? exitCodes.ok : exitCodes.no
}

/** A caller as its store or identity provider would return it. */
export function callerOf (name: string, groups: string | undefined, { remoteStore, bearerIdentity }: PolicyContext): Caller {
  const bearer = isBearer({ name })
  const text = bearer ? name.slice(bearerPrefix.length) : name
  const mistake = nameMistake(text)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  // If JWT_IDENTITY uses another claim, the identity is unknown here; the name is used instead.
  const identity = (bearer ? bearerIdentity?.(text) : undefined) ?? text
  const caller = { name, identity, ...(remoteStore && !bearer && { asTyped: true as const }) }
  if (groups === undefined) return caller
  if (!remoteStore && !bearer) throw new Failure(exitCodes.usage, 'a users file has no groups: the policy lists the members of its own; --groups is for callers of another store and for jwt:NAME')
  const known = groupsIn(groups.split(',').map(group => group.trim()))
  if (known === undefined) throw new Failure(exitCodes.usage, `--groups takes at most ${groupLimits.groups} names, separated by commas, each of 1 to ${groupLimits.characters} characters`)
  return { ...caller, groups: known }
}

/** `whereIs` is set if the policy was read from a file. */
export type ReadPolicy = { policy: Policy } & Pick<PolicyReading, 'whereIs'>

/** @throws Failure for a policy with mistakes */
export async function readPolicy (io: Io, context: PolicyContext): Promise<ReadPolicy> {
  const { file, known, remoteStore } = context
  if (file === undefined) return { policy: allowAll }
  const { policy, diagnostics, whereIs } = await loadPolicy(
    file,
    io.cwd,
    policyReader({ enabled: productsOf(context), known, foldNames: remoteStore, storeGroups: remoteStore })
  )
  if (policy === null) throw new Failure(exitCodes.settings, textsOf(diagnostics, 'mistake').join('\n'))
  return { policy, whereIs }
}

type Explanation = {
  /** The rule that decides. Null if no rule is for the caller, undefined without a policy. */
  rule: string | null | undefined
} & ({
  allowed: true
  identity: string
  /** Seconds. */
  ttl: number
  grant: object
  /** Why the policy would refuse the request if it were not in `mode: audit`. */
  wouldRefuse: string | undefined
} | {
  allowed: false
  status: number
  code: string
  detail: string
  errors: string[]
})

/** Shows what the broker would decide for a request of this caller, by the broker's own code. */
export async function explain ({ policy, whereIs }: ReadPolicy, { ttl, identityForm }: Omit<DecisionOptions, 'policy'>, caller: Caller, enabled: EnabledProduct, { ttl: life, identity, ...request }: RequestOptions): Promise<Explanation> {
  const found = policy.ruleFor(caller)
  const rule = found === null ? null : await whereIs?.(found.index!)
  try {
    const validate = validatorOf(enabled.product.body)
    if (!validate({ ttl: life, identity, ...request })) throw invalidRequest(validate.errors!, 'body')
    const decision = decide({ policy, ttl, identityForm }, caller, { ttl: life, identity })
    const granted = decision.grant({ ...enabled, request })
    const { grant } = granted
    return {
      rule,
      allowed: true,
      identity: decision.identity,
      ttl: tokenTtl(decision, [granted]),
      grant: { [grant.key]: grant.toPayload() },
      wouldRefuse: decision.wouldRefuse()
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { rule, allowed: false, status: error.status, code: error.code, detail: error.message, errors: errorLines(error) }
  }
}

function inWords (explanation: Explanation): string {
  const { rule } = explanation
  const lines = [
    `rule      ${rule ?? (rule === null ? 'none is for this caller' : 'none: POLICY_FILE is not set')}`,
    ...(explanation.allowed
      ? [
          `answer    yes${explanation.wouldRefuse === undefined ? '' : `, but without mode: audit no: ${explanation.wouldRefuse}`}`,
          `identity  ${explanation.identity}`,
          `ttl       ${explanation.ttl} seconds`,
          `grant     ${JSON.stringify(explanation.grant)}`
        ]
      : [
          `answer    no: ${explanation.status} ${explanation.code}`,
          ...(explanation.errors.length > 0 ? explanation.errors : [explanation.detail]).map(line => `          ${line}`)
        ])
  ]
  return `${lines.join('\n')}\n`
}

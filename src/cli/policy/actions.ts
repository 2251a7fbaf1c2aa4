import { nameMistake } from '../../caller.js'
import type { Caller } from '../../callers/store.js'
import { decide, type DecisionOptions } from '../../policy/decide.js'
import type { CommonRequest } from '../../products/schemas.js'
import { policyReader, type PolicyReading } from '../../policy/file/read.js'
import { loadPolicy } from '../../policy/file/load.js'
import { allowAll, type Policy } from '../../policy/policy.js'
import { policySchema } from '../../policy/file/schema.js'
import { textsOf } from '../../lib/diagnostic.js'
import { didYouMean } from '../../lib/did-you-mean.js'
import { Problem, invalidRequest } from '../../problems.js'
import type { EnabledProduct, LoadedProduct } from '../../products/contract.js'
import { validatorOf } from '../../lib/ajv.js'
import { exitCodes, Failure, type Io } from '../io.js'

/** What the settings say to the `policy` commands. */
export interface PolicyContext {
  /** POLICY_FILE as the operator wrote it. */
  readonly file: string | undefined
  readonly enabled: readonly EnabledProduct[]
  /** What a policy may name, enabled or not. */
  readonly known: readonly LoadedProduct[]
  /** Whether callers come from a store that may take several spellings of a name. */
  readonly foldNames: boolean
  readonly ttl: DecisionOptions['ttl']
}

interface ShowOptions {
  json?: boolean
}

/** What a caller may put into a request, as options. */
interface RequestOptions extends CommonRequest, ShowOptions {
  room?: string
  incoming?: boolean
  outgoing?: boolean
}

export async function checkPolicy (io: Io, { file, enabled, known, foldNames }: PolicyContext, { json }: ShowOptions): Promise<number> {
  if (file === undefined) throw new Failure(exitCodes.settings, 'POLICY_FILE is not set: every caller may have every enabled product; set it to the path of a policy')
  const { policy, diagnostics } = await loadPolicy(file, io.cwd, policyReader({ enabled: productsOf(enabled), known, foldNames }))
  const mistakes = textsOf(diagnostics, 'mistake')
  const warnings = textsOf(diagnostics, 'warning')
  if (json) {
    io.stdout.write(`${JSON.stringify({ file, right: policy !== null, mistakes, warnings, diagnostics })}\n`)
  } else {
    for (const mistake of mistakes) io.stderr.write(`${mistake}\n`)
    for (const warning of warnings) io.stderr.write(`${warning} (a warning)\n`)
    if (policy !== null) io.stdout.write(`${file} is right\n`)
  }
  return policy === null ? exitCodes.no : exitCodes.ok
}

/** @throws Failure for a name that no caller has, a product that is not enabled, and a policy that is not right */
export async function explainDecision (io: Io, context: PolicyContext, typed: string, product: string, { json, ...request }: RequestOptions): Promise<number> {
  const name = typed.normalize('NFC')
  const mistake = nameMistake(name)
  if (mistake !== undefined) throw new Failure(exitCodes.usage, mistake)
  const own = context.enabled.find(enabled => enabled.product.name === product)
  if (own === undefined) {
    throw new Failure(exitCodes.usage, `${product} is not an enabled product${didYouMean(product, productsOf(context.enabled).map(one => one.name))}`)
  }
  const explanation = await explain(await readingOf(io, context), context.ttl, { name, identity: name, ...(context.foldNames && { asTyped: true as const }) }, own, request)
  io.stdout.write(json ? `${JSON.stringify(explanation)}\n` : inWords(explanation))
  return explanation.allowed ? exitCodes.ok : exitCodes.no
}

export async function printSchema (io: Io, { enabled }: PolicyContext): Promise<number> {
  io.stdout.write(`${JSON.stringify(policySchema(productsOf(enabled)), null, 2)}\n`)
  return exitCodes.ok
}

function productsOf (enabled: readonly EnabledProduct[]): LoadedProduct[] {
  return enabled.map(({ product }) => product)
}

/** A policy, and where its rules are, if it comes from a file. */
type Read = { policy: Policy } & Pick<PolicyReading, 'whereIs'>

async function readingOf (io: Io, { file, enabled, known, foldNames }: PolicyContext): Promise<Read> {
  if (file === undefined) return { policy: allowAll }
  const { policy, diagnostics, whereIs } = await loadPolicy(file, io.cwd, policyReader({ enabled: productsOf(enabled), known, foldNames }))
  if (policy === null) throw new Failure(exitCodes.settings, textsOf(diagnostics, 'mistake').join('\n'))
  return { policy, whereIs }
}

type Explanation = {
  /** The rule that decides; null when none is for the caller, undefined without a policy. */
  rule: string | null | undefined
} & ({
  allowed: true
  identity: string
  /** Seconds. */
  ttl: number
  grant: object
  /** What only the policy stands against, under `mode: audit`. */
  wouldRefuse: string | undefined
} | {
  allowed: false
  status: number
  code: string
  detail: string
  errors: string[]
})

/** Asks what a request of this caller would be answered, of the code that answers it. */
async function explain ({ policy, whereIs }: Read, ttl: DecisionOptions['ttl'], caller: Caller, own: EnabledProduct, { ttl: life, identity, ...request }: RequestOptions): Promise<Explanation> {
  const found = policy.ruleFor(caller)
  const rule = found === null ? null : await whereIs?.(found.index!)
  try {
    const takes = validatorOf(own.product.body)
    if (!takes({ ttl: life, identity, ...request })) throw invalidRequest(takes.errors!, 'body')
    const decision = decide({ policy, ttl }, caller, { ttl: life, identity })
    const { grant } = decision.grant({ ...own, request })
    return { rule, allowed: true, identity: decision.identity, ttl: decision.ttl, grant: { [grant.key]: grant.toPayload() }, wouldRefuse: decision.wouldRefuse() }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { status, code, message, options: { errors = [] } } = error
    return { rule, allowed: false, status, code, detail: message, errors: errors.map(({ path, message }) => `${path.slice(1) || 'the request'}: ${message}`) }
  }
}

function inWords (explanation: Explanation): string {
  const { rule } = explanation
  const lines = [
    `rule      ${rule ?? (rule === null ? 'none is for this caller' : 'none, as POLICY_FILE is not set')}`,
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

import { grantsOf } from './about.js'
import { codes } from './codes.js'
import type { Token } from './read-token.js'
import type { TokenFacts, Configured, Group, Rule } from './rule.js'
import { claims } from './rules-claims.js'
import { envelope } from './rules-envelope.js'
import { grants } from './rules-grants.js'
import { inGrants } from './rules-products.js'
import { time } from './rules-times.js'
import type { Signature } from './signature.js'
import { vendor } from './vendors.js'

export interface Finding {
  /** The code by which Twilio would refuse the token. */
  code: number
  /** True: Twilio would refuse the token for it. */
  refused: boolean
  /** True: Twilio may also accept it and read something else than was meant. */
  misread?: true
  /** A sentence for people. */
  says: string
  /** What to change, where Twilio would refuse the token for it. Advice says it itself. */
  fix?: string
}

export interface DiagnosisContext {
  signature: Signature
  configured: Configured
  /** Seconds since 1970. */
  now: number
}

/** Finds everything that is wrong with a token. Empty when Twilio would accept it, as far as can be known without asking Twilio. */
export function findings (token: Token, context: DiagnosisContext): Finding[] {
  const other = vendor(token)
  if (other !== undefined) return [{ code: 20101, refused: true, says: `this is not a Twilio access token but ${other.says}`, fix: other.fix }]
  const found: TokenFacts = { ...context, token, header: token.header ?? {}, claims: token.claims ?? {}, grants: grantsOf(token) }
  return rulesFor(token).flatMap(group => {
    const broken = group.find(({ when }) => when(found))
    if (broken === undefined) return []
    const { code, advice, misread, says, fix = codes[code]!.fix } = broken
    return [{
      code,
      refused: !advice,
      ...(misread && { misread }),
      says: inWords(says, found),
      ...(!advice && { fix: inWords(fix, found) })
    }]
  })
}

function inWords (sentence: Rule['says'], found: TokenFacts): string {
  return typeof sentence === 'string' ? sentence : sentence(found)
}

/** Sums up the findings in one sentence; undefined where Twilio would accept the token. */
export function verdictOf (found: Finding[]): string | undefined {
  const faults = found.filter(({ refused }) => refused)
  if (faults.length === 0) return undefined
  return faults.every(({ misread }) => misread) ? 'Twilio would refuse it, or give its holder something else than was meant' : 'Twilio would refuse it'
}

/** For a token that cannot be read, only the rules about its form apply. */
function rulesFor ({ header, claims: read }: Token): Group[] {
  return header === undefined || read === undefined ? envelope.slice(0, 2) : [...envelope, ...claims, ...time, ...grants, ...inGrants]
}

import { notAllowed, problem } from '../problems.js'
import type { GrantContext } from './contract.js'

/**
 * Refuses what the policy or the operator's settings do not allow: 403 `not-allowed`.
 * @param property the property of the request that is refused
 * @param sentence the reason, for the caller, without the full stop; must not repeat input
 * @throws Problem always
 * @example forbid('room', 'longer than the 128 characters that Twilio takes')
 */
export function forbid (property: string, sentence: string): never {
  throw notAllowed(property, sentence)
}

/**
 * Refuses a request that is wrong for every caller: 400 `request-invalid`.
 * @param property the property of the request that is wrong
 * @param sentence the reason, for the caller, without the full stop; must not repeat input
 * @throws Problem always
 * @example badRequest('params', 'go with outgoing calls only')
 */
export function badRequest (property: string, sentence: string): never {
  throw problem('request-invalid', { errors: [{ path: `/${property}`, message: sentence }] })
}

/**
 * Resolves a flag: returns the requested value; if nothing was requested, what is allowed.
 * @param property the name of the flag, for the refusal
 * @throws Problem 403 `not-allowed`, if true is requested but not allowed
 * @example const incoming = resolveFlag('incoming', request.incoming, allow.incoming ?? false)
 */
export function resolveFlag (property: string, asked: boolean | undefined, allowed: boolean): boolean {
  if (asked && !allowed) forbid(property, 'the policy does not allow it')
  return asked ?? allowed
}

/**
 * Checks a map of values, each by its own patterns. With patterns, a name that has none is refused.
 * @param asked the requested values, by name
 * @param patterns the allowed patterns of each value, by name; undefined allows everything
 * @throws Problem 403 `not-allowed`, which names the property
 * @example chooseEach(choose, 'params', request.params, allow.params)
 */
export function chooseEach (
  choose: GrantContext['choose'],
  property: string,
  asked: Record<string, string> = {},
  patterns: Record<string, string[]> | undefined
): void {
  for (const [name, value] of Object.entries(asked)) {
    if (patterns && !Object.hasOwn(patterns, name)) forbid(property, 'holds one that the policy does not allow')
    choose(property, value, patterns?.[name])
  }
}

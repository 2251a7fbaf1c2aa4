import { resolve } from 'node:path'
import { policyReader } from '../policy/file/read.js'
import { loadPolicy } from '../policy/file/load.js'
import { allowAll, type Policy } from '../policy/policy.js'
import { readSettings, type Environment, type Read } from '../settings/load.js'
import { hasRemoteStore } from '../settings/rules.js'
import { stampsOf } from '../files/watch.js'

/** A start that the operator's settings or files stand against; `mistakes` are all there are. */
export class StartError extends Error {
  override readonly name = 'StartError'

  constructor (readonly mistakes: readonly string[]) {
    super(mistakes.join('; '))
  }
}

/** What a reload takes up: settings and policy, whole or not at all. */
export interface State extends Read {
  /** Whole and valid only without mistakes. */
  policy: Policy
  /** The files that it was read from, by absolute path, each with its stamp from before. */
  stamps: ReadonlyMap<string, string>
}

export async function readState (env: Environment, cwd: string): Promise<State> {
  const file = await stampsOf([resolve(cwd, '.env')])
  const state = await withPolicy(await readSettings(env, cwd), cwd)
  return { ...state, stamps: new Map([...file, ...state.stamps]) }
}

/**
 * The policy that the settings name, beside them.
 * @param foldNames whether callers come from a store that may take several spellings of a name
 */
export async function withPolicy (read: Read, cwd: string, foldNames = hasRemoteStore(read.settings)): Promise<State> {
  const { POLICY_FILE: file } = read.settings
  if (file === undefined) {
    const warnings = read.unread.has('POLICY_FILE') ? [] : ['POLICY_FILE is not set: every caller may have every enabled product']
    return { ...read, policy: allowAll, stamps: new Map(), warnings: [...read.warnings, ...warnings] }
  }
  const stamps = await stampsOf([resolve(cwd, file)])
  const { policy, mistakes, warnings } = await loadPolicy(file, cwd, policyReader({ enabled: read.products.map(({ product }) => product), known: read.known, foldNames }))
  return {
    ...read,
    policy: policy ?? allowAll,
    stamps,
    mistakes: [...read.mistakes, ...mistakes],
    warnings: [...read.warnings, ...warnings]
  }
}

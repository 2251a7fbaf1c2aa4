import type { DecisionOptions } from '../../policy/decide.js'
import { textsOf } from '../../lib/diagnostic.js'
import type { EnabledProduct, LoadedProduct } from '../../products/contract.js'
import { readSettings } from '../../settings/load.js'
import { identityIn } from '../../settings/jwt.js'
import { hasRemoteStore } from '../../settings/rules.js'
import { exitCodes, Failure, type Io } from '../io.js'

/** The part of the settings that the `policy` commands need. */
export interface PolicyContext {
  /** POLICY_FILE as the operator wrote it. */
  readonly file: string | undefined
  readonly enabled: readonly EnabledProduct[]
  /** Products that a policy may name, enabled or not. */
  readonly known: readonly LoadedProduct[]
  /** Whether callers come from a store that may take several spellings of a name, and answer groups. */
  readonly foldNames: boolean
  readonly ttl: DecisionOptions['ttl']
  readonly identityForm?: DecisionOptions['identityForm']
  /** What JWT_IDENTITY makes of a name claim; undefined where it takes another claim. */
  readonly bearerIdentity?: (name: string) => string | undefined
}

/**
 * Reads the settings as far as they are right: missing secrets do not matter to a policy.
 * @throws Failure when PRODUCTS names plugins and a setting is wrong. Plugins are loaded for right settings alone, and the policy may name
 * their products
 */
export async function policyContext ({ env, cwd }: Io): Promise<PolicyContext> {
  const { settings, products, known, notLoaded, diagnostics } = await readSettings(env, cwd)
  if (notLoaded.length > 0) throw new Failure(exitCodes.settings, [...textsOf(diagnostics, 'mistake'), 'PRODUCTS names plugins. They are loaded, and the policy is checked, when these mistakes are gone'].join('\n'))
  const { JWT_NAME: nameClaim = 'sub', JWT_IDENTITY: identity = nameClaim } = settings
  const written = identityIn(identity)
  const bearerIdentity = (name: string) => written?.claim === nameClaim ? written.prefix + name : undefined
  const { POLICY_FILE: file, IDENTITY_FORM: identityForm, TOKEN_TTL: ttl, TOKEN_TTL_MAX: max = ttl } = settings
  return { file, enabled: products, known, foldNames: hasRemoteStore(settings), ttl: { default: ttl, max }, identityForm, bearerIdentity }
}

export function productsOf ({ enabled }: Pick<PolicyContext, 'enabled'>): LoadedProduct[] {
  return enabled.map(({ product }) => product)
}

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
  /** Whether the store of callers may accept several spellings of a name and return groups. */
  readonly remoteStore: boolean
  readonly ttl: DecisionOptions['ttl']
  readonly identityForm?: DecisionOptions['identityForm']
  /** Returns the identity that JWT_IDENTITY makes of a name; undefined if JWT_IDENTITY uses another claim. */
  readonly bearerIdentity?: (name: string) => string | undefined
}

/**
 * Reads the settings that are valid: a policy can be checked without the secrets.
 * @throws Failure if PRODUCTS names plugins and a setting is wrong. Plugins are only loaded with valid settings, and the policy may name
 * their products
 */
export async function policyContext ({ env, cwd }: Io): Promise<PolicyContext> {
  const { settings, products, known, notLoaded, diagnostics } = await readSettings(env, cwd)
  if (notLoaded.length > 0) throw new Failure(exitCodes.settings, [...textsOf(diagnostics, 'mistake'), 'PRODUCTS names plugins. Correct these mistakes first: plugins are only loaded with valid settings'].join('\n'))
  const { JWT_NAME: nameClaim = 'sub', JWT_IDENTITY: identity = nameClaim } = settings
  const written = identityIn(identity)
  const bearerIdentity = (name: string) => written?.claim === nameClaim ? written.prefix + name : undefined
  const { POLICY_FILE: file, IDENTITY_FORM: identityForm, TOKEN_TTL: ttl, TOKEN_TTL_MAX: max = ttl } = settings
  return { file, enabled: products, known, remoteStore: hasRemoteStore(settings), ttl: { default: ttl, max }, identityForm, bearerIdentity }
}

export function productsOf ({ enabled }: Pick<PolicyContext, 'enabled'>): LoadedProduct[] {
  return enabled.map(({ product }) => product)
}

import type { ProviderKeys, KeysLog } from '../callers/bearer/keys.js'
import type { BearerTokens } from '../callers/bearer/tokens.js'
import type { OpenStore } from '../callers/stores/open.js'
import { mistake, type Diagnostic, type Opened } from '../lib/diagnostic.js'
import { bearerRules } from '../settings/jwt.js'
import type { Settings } from '../settings/schema.js'

export interface KeysConfig {
  settings: Partial<Settings>
  /** The mistakes and warnings so far. */
  diagnostics: readonly Diagnostic[]
}

export interface KeysOptions {
  /** Absolute path that relative paths in the settings start from. */
  cwd: string
  logger: KeysLog
}

/**
 * Fetches the keys of the identity provider for the first time. Does nothing if the settings name no provider or there is a mistake
 * already.
 */
export async function openKeys (
  { settings, diagnostics }: KeysConfig,
  { cwd, logger }: KeysOptions
): Promise<Opened<ProviderKeys | undefined>> {
  if (settings.JWT_ISSUER === undefined || diagnostics.some(({ level, subject }) => level === 'mistake' && subject.startsWith('JWT_'))) return { opened: undefined }
  // Imported on demand: loading jose takes a noticeable part of the start.
  const [{ ProviderKeys }, { keySourceOf }] = await Promise.all([import('../callers/bearer/keys.js'), import('../callers/bearer/sources.js')])
  const keys = new ProviderKeys({ source: keySourceOf(settings.JWT_ISSUER, settings.JWT_KEYS, cwd), log: logger })
  const mistakes = await keys.start()
  if (mistakes.length === 0) return { opened: keys }
  keys.close()
  return { mistakes }
}

/** Whether old and new settings use the same keys. */
export function isSameProvider (old: Settings, next: Settings): boolean {
  return old.JWT_ISSUER === next.JWT_ISSUER && old.JWT_KEYS === next.JWT_KEYS
}

/** Creates what verifies bearer tokens; undefined if the settings allow none. */
export async function createBearer (settings: Settings, keys: ProviderKeys | undefined): Promise<BearerTokens | undefined> {
  const rules = bearerRules(settings)
  if (rules === undefined || keys === undefined) return undefined
  const { BearerTokens } = await import('../callers/bearer/tokens.js')
  return new BearerTokens({ rules, keys })
}

/** Refuses to turn bearer tokens off in a broker that was started without a store of callers. */
export function loginMistakes ({ JWT_ISSUER: issuer }: Settings, { store, identify }: { store: Pick<OpenStore, 'signIn'>, identify: unknown }): Diagnostic[] {
  return store.signIn === undefined || identify !== undefined || issuer !== undefined
    ? []
    : [mistake('JWT_ISSUER', 'missing', 'JWT_ISSUER is missing: this broker was started without a store of callers, so nobody could sign in; put it back, or restart with a store')]
}

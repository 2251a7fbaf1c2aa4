import type { ProviderKeys, KeysLog } from '../callers/bearer/keys.js'
import type { BearerTokens } from '../callers/bearer/tokens.js'
import { bearerRules } from '../settings/jwt.js'
import type { Settings } from '../settings/schema.js'

export interface KeysOptions {
  /** Absolute path, which that of a file starts from. */
  cwd: string
  logger: KeysLog
}

/**
 * The keys of the identity provider that the settings name, fetched for the first time.
 * @param mistakes takes what is wrong with it
 * @returns undefined where there is none
 */
export async function openKeys (settings: Partial<Settings>, { cwd, logger }: KeysOptions, mistakes: string[]): Promise<ProviderKeys | undefined> {
  // What is wrong with its settings is known by now.
  if (settings.JWT_ISSUER === undefined || mistakes.some(mistake => mistake.startsWith('JWT_'))) return undefined
  // Loaded where it is used: jose takes a part of the start.
  const [{ ProviderKeys }, { keySourceOf }] = await Promise.all([import('../callers/bearer/keys.js'), import('../callers/bearer/sources.js')])
  const keys = new ProviderKeys({ source: keySourceOf(settings.JWT_ISSUER, settings.JWT_KEYS, cwd), log: logger })
  const found = await keys.start()
  mistakes.push(...found)
  if (found.length === 0) return keys
  keys.close()
  return undefined
}

/** Whether the keys of the old settings are those of the new ones. */
export function isSameProvider (old: Settings, next: Settings): boolean {
  return old.JWT_ISSUER === next.JWT_ISSUER && old.JWT_KEYS === next.JWT_KEYS
}

/** Checks bearer tokens as the settings say. Undefined where there are none. */
export async function createBearer (settings: Settings, keys: ProviderKeys | undefined): Promise<BearerTokens | undefined> {
  const rules = bearerRules(settings)
  if (rules === undefined || keys === undefined) return undefined
  const { BearerTokens } = await import('../callers/bearer/tokens.js')
  return new BearerTokens({ rules, keys })
}

import { resolve } from 'node:path'
import { hasMistakes, mistake, warning, type Diagnostic } from '../lib/diagnostic.js'
import { policyReader, type PolicyReading } from '../policy/file/read.js'
import { hasNoStore } from '../callers/stores/open.js'
import { loadPolicy } from '../policy/file/load.js'
import { allowAll, type Policy } from '../policy/policy.js'
import { readWithoutPlugins, readWithPlugins, type Read } from '../settings/load.js'
import { namedFiles, readSources, withFiles, type Environment, type Sources } from '../settings/sources.js'
import { keysFile } from '../settings/jwt-rules.js'
import { bearerOperators, hasRemoteStore, isStoreKnown } from '../settings/rules.js'
import type { Settings } from '../settings/schema.js'
import { stampsOf } from '../files/stamp.js'
import { readRedisTls } from './redis-tls.js'
import { readKeys, type ReadKeys } from './tls-files.js'

/** Settings and policy, which a reload replaces together. */
export interface Config extends Read {
  /** Complete and valid only without mistakes. */
  policy: Policy
  /**
   * The files that it was read from, by absolute path, each with its stamp (`stampOf`: device, inode, size, times) before the reading, so
   * that a change during the reading is noticed.
   */
  stamps: ReadonlyMap<string, string>
}

/** Reads the config for a start. Includes the certificate, because plugins are only loaded if everything else is valid. */
export async function readStart (env: Environment, cwd: string): Promise<Config & Pick<ReadKeys, 'pair'>> {
  const stamps = await stampsOf([dotenvIn(cwd)])
  const sources = readSources(env, cwd)
  const keys = await readKeys(sources.variables, cwd)
  return { ...await readConfig(sources, cwd, { stamps, further: keys.diagnostics }), pair: keys.pair }
}

/**
 * Reads the config for a reload.
 * @param hadDotenv whether there was a `.env`. If it has been removed, that is a mistake: it may have named the policy, and without a
 * policy every caller may have everything
 */
export async function readAgain (env: Environment, cwd: string, hadDotenv: boolean): Promise<Config> {
  const stamps = await stampsOf([dotenvIn(cwd)])
  const sources = readSources(env, cwd)
  if (hadDotenv && !hasDotenv({ stamps }, cwd)) sources.diagnostics.push(mistake('.env', 'missing', '.env is gone; put it back, or restart to do without it'))
  return readConfig(sources, cwd, { stamps })
}

export function hasDotenv ({ stamps }: Pick<Config, 'stamps'>, cwd: string): boolean {
  return stamps.get(dotenvIn(cwd)) !== 'ENOENT'
}

function dotenvIn (cwd: string): string {
  return resolve(cwd, '.env')
}

/**
 * Whether the settings name exactly one store and have no mistake about it. If not, do not open the store: its own errors would hide the
 * mistake.
 */
export function mayOpenStore ({ settings, diagnostics, unread }: Pick<Config, 'settings' | 'diagnostics' | 'unread'>): boolean {
  return isStoreKnown(settings, unread) && !diagnostics.some(({ level, subject }) => level === 'mistake' && ['LOGIN_URL', 'DATABASE_URL', 'USERS_QUERY'].includes(subject))
}

interface ConfigOptions {
  /** The stamps of the files that the sources were read from, except the files of `_FILE` settings. */
  stamps?: Config['stamps']
  /** Diagnostics of other files. */
  further?: readonly Diagnostic[]
  /** Whether callers are in a store that may accept several spellings of a name, and answer groups. Default: decided by the settings. */
  remoteStore?: boolean
}

/** Reads settings and policy. Plugins are loaded only if neither has a mistake. */
export async function readConfig (given: Sources, cwd: string, options: ConfigOptions = {}): Promise<Config> {
  const stamps = new Map([...options.stamps ?? [], ...await stampsOf(namedFiles(given, cwd))])
  const sources = await withFiles(given, cwd)
  const read = async (settings: Promise<Read>) => withPolicy(await settings, cwd, { ...options, stamps })
  const config = await read(readWithoutPlugins(sources, cwd))
  return config.notLoaded.length > 0 && !hasMistakes(config.diagnostics) ? read(readWithPlugins(sources, cwd)) : config
}

/** Adds the policy that the settings name. */
async function withPolicy (
  read: Read,
  cwd: string,
  { stamps = new Map(), further: others = [], remoteStore = hasRemoteStore(read.settings) }: ConfigOptions
): Promise<Config> {
  const { policy, diagnostics: ofPolicy, ...files } = await policyOf(read, cwd, remoteStore)
  const diagnostics = [...ofPolicy, ...await diagnoseStore(read.settings, cwd, remoteStore)]
  // These files are watched even if they have a mistake, so that a correction is noticed.
  const further = await stampsOf(filesBeside(read.settings, cwd))
  const redis = await readRedisTls(read.settings, cwd)
  return {
    ...read,
    policy: policy ?? allowAll,
    diagnostics: [...read.diagnostics, ...diagnostics, ...redis.diagnostics, ...others],
    stamps: new Map([...stamps, ...files.stamps, ...further])
  }
}

/** The files that are read with the settings, apart from the policy: absolute paths. */
function filesBeside (settings: Partial<Settings>, cwd: string): string[] {
  const paths = [settings.REDIS_CA_FILE, settings.REDIS_CERT_FILE, settings.REDIS_KEY_FILE, keysFile(settings)]
  return paths.filter(path => path !== undefined).map(path => resolve(cwd, path))
}

function withoutPolicy ({ JWT_ISSUER: issuer }: Partial<Settings>): Diagnostic[] {
  return [
    warning('POLICY_FILE', 'insecure', 'POLICY_FILE is not set: every caller may have every enabled product'),
    ...issuer === undefined ? [] : [warning('JWT_ISSUER', 'insecure', 'JWT_ISSUER is set without POLICY_FILE: everybody whom the identity provider gives a token for this audience may have every enabled product')]
  ]
}

/** Checks what depends on whether anybody has a password. If the settings name no store, the default users file decides that. */
async function diagnoseStore (settings: Partial<Settings>, cwd: string, remoteStore: boolean): Promise<Diagnostic[]> {
  if (remoteStore || settings.USERS_FILE !== undefined) return []
  return await hasNoStore(settings, cwd) ? withoutStore(settings) : bearerOperators(settings)
}

/** Warns of settings that have no effect if nobody has a password. */
function withoutStore ({ METRICS_PORT: metrics, SESSION_TTL: ttl = 0 }: Partial<Settings>): Diagnostic[] {
  return [
    ...metrics === undefined ? [warning('METRICS_PORT', 'missing', 'METRICS_PORT is not set: without a store of callers nobody can sign in to /metrics')] : [],
    ...ttl > 0 ? [warning('SESSION_TTL', 'no-effect', 'SESSION_TTL is set without a store of callers: there are no sessions')] : []
  ]
}

async function policyOf ({ settings, products, known, notLoaded, unread }: Read, cwd: string, remoteStore: boolean): Promise<PolicyReading & Pick<Config, 'stamps'>> {
  const { POLICY_FILE: file } = settings
  if (file === undefined) {
    return { policy: allowAll, stamps: new Map(), diagnostics: unread.has('POLICY_FILE') ? [] : withoutPolicy(settings) }
  }
  const stamps = await stampsOf([resolve(cwd, file)])
  const reader = policyReader({
    enabled: products.map(({ product }) => product),
    known,
    foldNames: remoteStore,
    storeGroups: remoteStore,
    more: notLoaded.length > 0
  })
  return { ...await loadPolicy(file, cwd, reader), stamps }
}

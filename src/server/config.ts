import { resolve } from 'node:path'
import { textsOf, warning, type Diagnostic } from '../lib/diagnostic.js'
import { policyReader, type PolicyReading } from '../policy/file/read.js'
import { hasNoStore } from '../callers/stores/open.js'
import { loadPolicy } from '../policy/file/load.js'
import { allowAll, type Policy } from '../policy/policy.js'
import { asDiagnostic } from '../settings/as-diagnostic.js'
import { readWithoutPlugins, readWithPlugins, type Read } from '../settings/load.js'
import { namedFiles, readSources, withFiles, type Environment, type Findings, type Sources } from '../settings/sources.js'
import { hasRemoteStore, isStoreKnown } from '../settings/rules.js'
import type { Settings } from '../settings/schema.js'
import { stampsOf } from '../files/stamp.js'
import { readRedisTls } from './redis-tls.js'
import { readKeys, type ReadKeys } from './tls-files.js'

/** A start that the operator's settings or files stand against; `mistakes` are all there are. */
export class StartError extends Error {
  override readonly name = 'StartError'

  constructor (readonly mistakes: readonly string[]) {
    super(mistakes.join('; '))
  }
}

/** What a reload takes up: settings and policy, whole or not at all. */
export interface Config extends Read {
  /** Whole and valid only without mistakes. */
  policy: Policy
  /** All mistakes and warnings, as data. */
  diagnostics: Diagnostic[]
  /** The files that it was read from, by absolute path, each with its stamp from before. */
  stamps: ReadonlyMap<string, string>
}

/** What a start reads. The certificate is among it, as the code of plugins is loaded only where it is right, too. */
export async function readStart (env: Environment, cwd: string): Promise<Config & Pick<ReadKeys, 'pair'>> {
  const stamps = await stampsOf([dotenvIn(cwd)])
  const sources = readSources(env, cwd)
  const keys = await readKeys(sources.variables, cwd)
  return { ...await readConfig(sources, cwd, { stamps, further: keys }), pair: keys.pair }
}

/**
 * What a reload reads.
 * @param hadDotenv whether there was a `.env`: it may have named the policy, without which every caller may have everything
 */
export async function readAgain (env: Environment, cwd: string, hadDotenv: boolean): Promise<Config> {
  const stamps = await stampsOf([dotenvIn(cwd)])
  const sources = readSources(env, cwd)
  if (hadDotenv && !hasDotenv({ stamps }, cwd)) sources.mistakes.push('.env is gone; put it back, or restart to do without it')
  return readConfig(sources, cwd, { stamps })
}

export function hasDotenv ({ stamps }: Pick<Config, 'stamps'>, cwd: string): boolean {
  return stamps.get(dotenvIn(cwd)) !== 'ENOENT'
}

function dotenvIn (cwd: string): string {
  return resolve(cwd, '.env')
}

/** Whether the settings name one store, rightly. Otherwise what is said of a store would only hide the mistake. */
export function mayOpenStore ({ settings, mistakes, unread }: Pick<Config, 'settings' | 'mistakes' | 'unread'>): boolean {
  return isStoreKnown(settings, unread) && !mistakes.some(mistake => /^(LOGIN_URL|DATABASE_URL|USERS_QUERY) /.test(mistake))
}

interface ConfigOptions {
  /** Those of the files that the sources come from, beside what `_FILE` settings name. */
  stamps?: Config['stamps']
  /** What else is wrong. */
  further?: Findings
  /** Whether callers come from a store that may take several spellings of a name, and answer groups. By default as the settings say. */
  foldNames?: boolean
}

/** Reads settings and policy. The code of plugins is loaded only where neither has a mistake. */
export async function readConfig (given: Sources, cwd: string, options: ConfigOptions = {}): Promise<Config> {
  const stamps = new Map([...options.stamps ?? [], ...await stampsOf(namedFiles(given, cwd))])
  const sources = await withFiles(given, cwd)
  const read = async (settings: Promise<Read>) => withPolicy(await settings, cwd, { ...options, stamps })
  const config = await read(readWithoutPlugins(sources, cwd))
  return config.notLoaded.length > 0 && config.mistakes.length === 0 ? read(readWithPlugins(sources, cwd)) : config
}

/** The policy that the settings name, beside them. */
async function withPolicy (read: Read, cwd: string, { stamps = new Map(), further = { mistakes: [], warnings: [] }, foldNames = hasRemoteStore(read.settings) }: ConfigOptions): Promise<Config> {
  const { policy, diagnostics: ofPolicy, ...files } = await policyOf(read, cwd, foldNames)
  const diagnostics = [...ofPolicy, ...!foldNames && await hasNoStore(read.settings, cwd) ? withoutStore(read.settings) : []]
  const redis = await readRedisTls(read.settings, cwd)
  return {
    ...read,
    policy: policy ?? allowAll,
    diagnostics: [...diagnosticsOf(read), ...diagnostics, ...diagnosticsOf(redis), ...diagnosticsOf(further)],
    stamps: new Map([...stamps, ...files.stamps]),
    mistakes: [...read.mistakes, ...textsOf(diagnostics, 'mistake'), ...redis.mistakes, ...further.mistakes],
    warnings: [...read.warnings, ...textsOf(diagnostics, 'warning'), ...redis.warnings, ...further.warnings]
  }
}

function withoutPolicy ({ JWT_ISSUER: issuer }: Partial<Settings>): Diagnostic[] {
  return [
    warning('POLICY_FILE', 'insecure', 'POLICY_FILE is not set: every caller may have every enabled product'),
    ...issuer === undefined ? [] : [warning('JWT_ISSUER', 'insecure', 'JWT_ISSUER is set without POLICY_FILE: everybody whom the identity provider gives a token for this audience may have every enabled product')]
  ]
}

/** What is set, or is not, although nobody has a password. */
function withoutStore ({ METRICS_PORT: metrics, SESSION_TTL: ttl = 0 }: Partial<Settings>): Diagnostic[] {
  return [
    ...metrics === undefined ? [warning('METRICS_PORT', 'missing', 'METRICS_PORT is not set: without a store of callers nobody can sign in to /metrics')] : [],
    ...ttl > 0 ? [warning('SESSION_TTL', 'no-effect', 'SESSION_TTL is set without a store of callers: there are no sessions')] : []
  ]
}

function diagnosticsOf ({ mistakes, warnings }: Findings): Diagnostic[] {
  return [...mistakes.map(text => asDiagnostic('mistake', text)), ...warnings.map(text => asDiagnostic('warning', text))]
}

async function policyOf ({ settings, products, known, notLoaded, unread }: Read, cwd: string, foldNames: boolean): Promise<PolicyReading & Pick<Config, 'stamps'>> {
  const { POLICY_FILE: file } = settings
  if (file === undefined) {
    return { policy: allowAll, stamps: new Map(), diagnostics: unread.has('POLICY_FILE') ? [] : withoutPolicy(settings) }
  }
  const stamps = await stampsOf([resolve(cwd, file)])
  const reader = policyReader({ enabled: products.map(({ product }) => product), known, foldNames, storeGroups: foldNames, more: notLoaded.length > 0 })
  return { ...await loadPolicy(file, cwd, reader), stamps }
}

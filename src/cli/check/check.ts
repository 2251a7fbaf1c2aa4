import type { Dispatcher } from 'undici'
import type { Outcome } from '../../diagnose/online/checks.js'
import { hasNoStore } from '../../callers/stores/open.js'
import { SessionKeys } from '../../callers/session/keys.js'
import { textsOf, type Diagnostic } from '../../lib/diagnostic.js'
import { keysFile } from '../../settings/jwt-rules.js'
import type { Settings } from '../../settings/schema.js'
import { sessionSecrets, sessionTtl } from '../../settings/sessions.js'
import { readStart, type Config } from '../../server/config.js'
import { initHint } from '../init/hint.js'
import { exitCodes, type Io } from '../io.js'
import { paintFor } from '../paint.js'
import { advise } from './advice.js'
import { checkFiles } from './files.js'

export interface CheckOptions {
  online?: boolean
  offline?: boolean
  json?: boolean
}

/** Reads settings and files, and contacts the same services, as a start does. Reports every mistake and warning. */
export async function check (io: Io, { online, offline, json }: CheckOptions, network?: Dispatcher): Promise<number> {
  const state = await readStart(io.env, io.cwd)
  const { settings, products: enabled } = state
  const further = await diagnose(state, io.cwd, offline)
  const diagnostics = [...state.diagnostics, ...further]
  const mistakes = textsOf(diagnostics, 'mistake')
  const warnings = textsOf(diagnostics, 'warning')
  const right = mistakes.length === 0
  const products = enabled.map(({ product }) => product.name)
  // Asking Twilio needs valid settings.
  const outcomes = online && right ? await askAll(state, io.cwd, network) : []
  const keyIds = right && !await hasNoStore(settings, io.cwd) ? keyIdsOf(settings) : []
  if (json) {
    const sessions = keyIds.length === 0 ? {} : { sessionKeyId: keyIds[0] }
    io.stdout.write(`${JSON.stringify({ right, products, mistakes, warnings, diagnostics, ...sessions, ...(online && { online: outcomes }) })}\n`)
  } else {
    report(io, { right, products, mistakes, warnings, keyIds, outcomes, hint: await initHint(io, diagnostics) })
  }
  if (!right) return exitCodes.settings
  if (outcomes.some(({ answer }) => answer === 'no')) return exitCodes.no
  return isUnasked(diagnostics, outcomes) ? exitCodes.unavailable : exitCodes.ok
}

/**
 * Checks what the settings refer to. Contacts store, Redis and identity provider only if there is no mistake so far: a failure could
 * otherwise be the consequence of a mistake that is already reported.
 */
async function diagnose (state: Config, cwd: string, offline = false): Promise<Diagnostic[]> {
  const { diagnostics, users } = await checkFiles(state, cwd)
  if ([...state.diagnostics, ...diagnostics].some(({ level }) => level === 'mistake')) return diagnostics
  return [...diagnostics, ...await advise(state, users, cwd), ...await diagnoseServices(state, cwd, offline)]
}

/** Loads the modules for it only if there may be a service to contact. */
async function diagnoseServices (state: Config, cwd: string, offline: boolean): Promise<Diagnostic[]> {
  if (offline && keysFile(state.settings) === undefined) return []
  const { tryServices } = await import('../../server/try-services.js')
  return tryServices(state, cwd, offline)
}

async function askAll ({ settings, products }: Config, cwd: string, network: Dispatcher | undefined): Promise<Outcome[]> {
  const { askProvider, askTwilio } = await import('./online.js')
  return (await Promise.all([askTwilio(settings, products, network), askProvider(settings, cwd)])).flat()
}

function isUnasked (diagnostics: Diagnostic[], outcomes: Outcome[]): boolean {
  return diagnostics.some(({ code }) => code === 'unreachable') || outcomes.some(({ answer }) => answer === 'unknown')
}

/**
 * The ids of the keys for sessions; the first is of the key that signs them. Nodes with the same first id accept each other's sessions.
 * Empty without sessions.
 */
function keyIdsOf (settings: Settings): string[] {
  return sessionTtl(settings, settings.LOGIN_URL === undefined) === 0 ? [] : new SessionKeys(sessionSecrets(settings)).ids
}

interface Report {
  right: boolean
  /** Names of the enabled products. */
  products: string[]
  mistakes: string[]
  warnings: string[]
  keyIds: string[]
  outcomes: Outcome[]
  /** What to do next, or empty. */
  hint: string
}

const styles = { yes: 'green', no: 'red', unknown: 'yellow' } as const

function report (io: Io, { right, products, mistakes, warnings, keyIds: [keyId, ...others], outcomes, hint }: Report): void {
  const paint = paintFor(io)
  for (const mistake of mistakes) io.stderr.write(`${mistake}\n`)
  for (const warning of warnings) io.stderr.write(`${warning} (a warning)\n`)
  io.stderr.write(hint)
  if (right) io.stdout.write(`settings and files are right; enabled: ${products.join(', ')}\n`)
  if (keyId !== undefined) io.stdout.write(`sessions are signed by key ${keyId}${others.length === 0 ? '' : `, and accepted by ${others.join(' and ')} too`}\n`)
  for (const { about, answer, says } of outcomes) io.stdout.write(`${paint(styles[answer], answer.padEnd(8))} ${about}: ${says}\n`)
}

import type { Command } from 'commander'
import type { Dispatcher } from 'undici'
import { askClock, askKey, askResources, credentialsOf, type Outcome } from '../../diagnose/online/checks.js'
import { textsOf } from '../../lib/diagnostic.js'
import { sessionKeyIds } from '../../callers/session/sessions.js'
import type { EnabledProduct } from '../../products/contract.js'
import type { Settings } from '../../settings/schema.js'
import { sessionSecrets, sessionTtl } from '../../settings/sessions.js'
import { readStart } from '../../server/config.js'
import { checkFiles } from './files.js'
import { paintFor } from '../colours.js'
import { newCommand, withExamples } from '../command.js'
import { initHint } from '../init/hint.js'
import { exitCodes, type Io, toExitCode } from '../io.js'

interface CheckOptions {
  online?: boolean
  json?: boolean
}

/**
 * `check [--online]`.
 * @param network how requests to Twilio leave the machine; by default as all others
 */
export function checkCommand (io: Io, done: (exitCode: number) => void, network?: Dispatcher): Command {
  return withExamples(newCommand(io, 'check')
    .description('look at all settings and files without starting; exit code 78 says that a start would fail, 1 that Twilio says no')
    .option('--online', 'ask Twilio too: whether key, secret, account and region belong together, whether services exist, what time it is')
    .option('--json', 'answer as JSON')
    .action(async (options: CheckOptions) => done(await toExitCode(io, () => check(io, options, network)))),
  'twilio-token-broker check',
  'twilio-token-broker check --online --json')
}

async function check (io: Io, { online, json }: CheckOptions, network?: Dispatcher): Promise<number> {
  const { settings, products, ...state } = await readStart(io.env, io.cwd)
  const files = await checkFiles(settings, io.cwd)
  const diagnostics = [...state.diagnostics, ...files]
  const mistakes = [...state.mistakes, ...textsOf(files, 'mistake')]
  const warnings = [...state.warnings, ...textsOf(files, 'warning')]
  const right = mistakes.length === 0
  // With mistakes there is nothing yet to ask about.
  const outcomes = online && right ? await ask(settings, products, network) : []
  const keyIds = right ? keyIdsOf(settings) : []
  if (json) {
    const sessions = keyIds.length === 0 ? {} : { sessionKeyId: keyIds[0] }
    io.stdout.write(`${JSON.stringify({ right, products: namesOf(products), mistakes, warnings, diagnostics, ...sessions, ...(online && { online: outcomes }) })}\n`)
  } else {
    report(io, { right, products, mistakes, warnings, keyIds, outcomes, hint: await initHint(io, mistakes) })
  }
  if (!right) return exitCodes.settings
  return outcomes.every(({ answer }) => answer === 'yes') ? exitCodes.ok : exitCodes.no
}

async function ask (settings: Settings, products: EnabledProduct[], network?: Dispatcher): Promise<Outcome[]> {
  const { twilioApi } = await import('../../diagnose/online/twilio-api.js')
  const credentials = credentialsOf(settings)
  const region = settings.TWILIO_REGION ?? 'us1'
  const twilio = twilioApi(credentials, region, network)
  const { outcomes, date } = await askKey(twilio, credentials, region)
  const clock = askClock(date, Date.now())
  // A key that Twilio does not take finds no service either, which would only hide the cause.
  if (outcomes.some(({ answer }) => answer !== 'yes')) return [...outcomes, clock]
  const own = Object.assign({}, ...products.map(({ settings }) => settings)) as Record<string, unknown>
  return [...outcomes, ...await askResources(twilio, credentials, own), clock]
}

/** Nodes whose first one is the same take each other's sessions; none where there are no sessions. */
function keyIdsOf (settings: Settings): string[] {
  return sessionTtl(settings, settings.LOGIN_URL === undefined) === 0 ? [] : sessionKeyIds(sessionSecrets(settings))
}

function namesOf (products: EnabledProduct[]): string[] {
  return products.map(({ product }) => product.name)
}

interface Report {
  right: boolean
  products: EnabledProduct[]
  mistakes: string[]
  warnings: string[]
  keyIds: string[]
  outcomes: Outcome[]
  /** What helps, if anything does. */
  hint: string
}

const styles = { yes: 'green', no: 'red', unknown: 'yellow' } as const

function report (io: Io, { right, products, mistakes, warnings, keyIds: [keyId, ...others], outcomes, hint }: Report): void {
  const paint = paintFor(io)
  for (const mistake of mistakes) io.stderr.write(`${mistake}\n`)
  for (const warning of warnings) io.stderr.write(`${warning} (a warning)\n`)
  io.stderr.write(hint)
  if (right) io.stdout.write(`settings and files are right; enabled: ${namesOf(products).join(', ')}\n`)
  if (keyId !== undefined) io.stdout.write(`sessions are sealed by key ${keyId}${others.length === 0 ? '' : `, and taken by ${others.join(' and ')} too`}\n`)
  for (const { about, answer, says } of outcomes) io.stdout.write(`${paint(styles[answer], answer.padEnd(8))} ${about}: ${says}\n`)
}

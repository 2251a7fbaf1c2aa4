import type { Dispatcher } from 'undici'
import { askClock, askKey, askResources, apiKeyOf, type Outcome } from '../../diagnose/online/checks.js'
import type { EnabledProduct } from '../../products/contract.js'
import { bearerRules } from '../../settings/jwt.js'
import type { Settings } from '../../settings/schema.js'

/**
 * Checks what the identity provider publishes. Empty if the settings name none.
 * @param cwd absolute path that relative paths in the settings start from
 */
export async function askProvider (settings: Settings, cwd: string): Promise<Outcome[]> {
  const rules = bearerRules(settings)
  if (rules === undefined) return []
  const { checkProvider } = await import('../../diagnose/online/provider.js')
  return checkProvider(rules, settings.JWT_KEYS, cwd)
}

/**
 * Asks Twilio about the key, the clock and the SIDs in the settings.
 * @param network sends the requests. Default: the process's own
 */
export async function askTwilio (settings: Settings, products: EnabledProduct[], network?: Dispatcher): Promise<Outcome[]> {
  const { twilioApi } = await import('../../diagnose/online/twilio-api.js')
  const apiKey = apiKeyOf(settings)
  const region = settings.TWILIO_REGION ?? 'us1'
  const twilio = twilioApi(apiKey, region, network)
  const { outcomes, date } = await askKey(twilio, apiKey, region)
  const clock = askClock(date, Date.now())
  // With a key that Twilio refuses, every service would be reported as missing too, which would hide the cause.
  if (outcomes.some(({ answer }) => answer !== 'yes')) return [...outcomes, clock]
  const own = Object.assign({}, ...products.map(({ settings }) => settings)) as Record<string, unknown>
  return [...outcomes, ...await askResources(twilio, apiKey, own), clock]
}

import { about, grantsOf } from '../../diagnose/token/about.js'
import { findings, verdictOf, type Finding } from '../../diagnose/token/findings.js'
import { providerToken, type ProviderToken } from '../../diagnose/token/provider.js'
import { readToken, type Token } from '../../diagnose/token/read-token.js'
import { checkSignature, type Signature } from '../../diagnose/token/signature.js'
import { grantsInWords } from '../../diagnose/token/words.js'
import { codes } from '../../diagnose/token/codes.js'
import { escapeInvisible } from '../../lib/printable.js'
import type { Settings } from '../../settings/schema.js'
import { readApiKey } from '../../settings/api-key.js'
import { exitCodes, type Io } from '../io.js'
import { paintFor, type Paint } from '../paint.js'
import { allInput } from '../stdin.js'

export interface InspectOptions {
  json?: boolean
}

/**
 * Writes what a token contains, and what is wrong with it.
 * @param typed undefined: the token is on standard input
 */
export async function inspect (io: Io, typed: string | undefined, { json }: InspectOptions): Promise<number> {
  const token = readToken(typed ?? await allInput(io))
  const settings = await readApiKey(io.env, io.cwd)
  const signature = await signatureOf(token, settings)
  const now = Math.floor(Date.now() / 1000)
  const configured = { accountSid: settings.TWILIO_ACCOUNT_SID, keySid: settings.TWILIO_API_KEY_SID, region: settings.TWILIO_REGION }
  const found = findings(token, { signature, configured, now })
  const accepted = !found.some(({ refused }) => refused)
  const { header, claims } = token
  const bearer = providerToken(token, now)
  io.stdout.write(json
    ? `${escapeInvisible(JSON.stringify({ accepted, header, claims, grants: grantsInWords(grantsOf(token)), signature, findings: found.map(finding => ({ ...finding, voice: codes[finding.code]?.voice })), ...(bearer && { bearer }) }))}\n`
    : [...contents(token, signature, now), ...verdict(found, accepted, paintFor(io)), ...bearer === undefined ? [] : asBearer(bearer)].map(line => `${line}\n`).join(''))
  return accepted ? exitCodes.ok : exitCodes.no
}

/** The settings with which this broker would accept a token of an identity provider instead of a password. */
function asBearer ({ settings, obstacles }: ProviderToken): string[] {
  return [
    obstacles.length === 0 ? 'With these settings, this broker accepts it as a bearer token if the provider signed it:' : 'This broker would refuse it as a bearer token:',
    ...obstacles.map(says => `  ${says}`),
    ...obstacles.length === 0 ? [] : ['Otherwise its settings would be:'],
    ...Object.entries(settings).map(([name, value]) => `  ${name}=${value}`)
  ]
}

async function signatureOf (
  token: Token,
  { TWILIO_API_KEY_SECRET: secret, TWILIO_API_KEY_SID: keySid, TWILIO_ACCOUNT_SID: accountSid }: Partial<Settings>
): Promise<Signature> {
  if (secret === undefined) return 'unchecked'
  return checkSignature(
    token,
    secret,
    { ...(keySid && { TWILIO_API_KEY_SID: keySid }), ...(accountSid && { TWILIO_ACCOUNT_SID: accountSid }) }
  )
}

const signatures = {
  right: 'right, by the configured secret',
  wrong: 'not by the configured secret',
  unchecked: 'not checked: TWILIO_API_KEY_SECRET is missing or wrong'
}

/** Describes the token's content and signature. Empty if the token cannot be read. */
function contents (token: Token, signature: Signature, now: number): string[] {
  const rows = about(token, now)
  if (rows.length > 0) rows.push(['signature', typeof signature === 'string' ? signatures[signature] : `by the configured secret ${signature.altered}`])
  return rows.flatMap(([name, ...values]) => values.map((value, i) => `${(i === 0 ? name : '').padEnd(11)}${value}`))
}

function verdict (found: Finding[], accepted: boolean, paint: Paint): string[] {
  const lines = ({ code, refused, misread, says, fix }: Finding) => {
    const voice = codes[code]?.voice
    return [
      `  ${paint(refused ? 'red' : 'yellow', misread ? 'wrong  ' : refused ? 'refused' : 'advice ')}  ${code}${voice === undefined ? '' : ` (Voice: ${voice})`}  ${says}`,
      ...fix === undefined ? [] : [`           ${paint('bold', 'what to do:')} ${fix}`]
    ]
  }
  const codesFound = [...new Set(found.filter(({ refused }) => refused).map(({ code }) => code))]
  return [
    accepted
      ? paint('green', 'No reason found for Twilio to refuse it. check --online finds out whether the key still exists and may sign tokens.')
      : paint('red', `${verdictOf(found)}:`),
    ...found.flatMap(lines),
    ...(accepted ? [] : [`More: npx twilio-token-broker explain ${codesFound.join(' ')}`])
  ]
}

import { Type } from '../lib/typebox.js'
import { forbid } from './refusals.js'
import { Sid } from './schemas.js'

/** The settings of push credentials, which products share: for a product's `settings`. */
export const pushSettings = {
  TWILIO_PUSH_CREDENTIAL_SID: Type.Optional(Sid('CR')),
  TWILIO_PUSH_CREDENTIAL_SID_IOS: Type.Optional(Sid('CR')),
  TWILIO_PUSH_CREDENTIAL_SID_ANDROID: Type.Optional(Sid('CR')),
  TWILIO_PUSH_CREDENTIAL_SID_WEB: Type.Optional(Sid('CR'))
}

/** By platform, the setting that holds its push credential. */
const settingOf = {
  ios: 'TWILIO_PUSH_CREDENTIAL_SID_IOS',
  android: 'TWILIO_PUSH_CREDENTIAL_SID_ANDROID',
  web: 'TWILIO_PUSH_CREDENTIAL_SID_WEB'
} as const satisfies Record<string, keyof typeof pushSettings>

/** The property `push`: for a product's `request`. */
export const pushRequest = {
  push: Type.Optional(Type.Enum(['ios', 'android', 'web'], { description: 'the platform whose push credential goes along; default: the general one' }))
}

type PushSettings = Partial<Record<keyof typeof pushSettings, string>>

/**
 * The push credential that a grant takes along: that of the platform, or the general one where no platform is named.
 * @throws Problem 403 `not-allowed`, when the platform has none
 * @example new ChatGrant({ serviceSid, pushCredentialSid: pushCredential(settings, request) })
 */
export function pushCredential (settings: PushSettings, { push }: { push?: keyof typeof settingOf }): string | undefined {
  if (push === undefined) return settings.TWILIO_PUSH_CREDENTIAL_SID
  const setting = settingOf[push]
  return settings[setting] ?? forbid('push', `not possible here, since ${setting} is not set`)
}

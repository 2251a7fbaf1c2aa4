import { Type } from '../lib/typebox.js'
import { forbid } from './refusals.js'
import { Sid } from './schemas.js'

/**
 * The schemas of the settings for push credentials, which several products share: for a product's `settings`.
 * @example settings: Type.Object({ ...pushSettings })
 */
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

/**
 * The schema of the property `push`, the platform of the device: for a product's `request`.
 * @example request: Type.Object({ ...pushRequest })
 */
export const pushRequest = {
  push: Type.Optional(Type.Enum(['ios', 'android', 'web'], { description: 'the platform whose push credential goes along; default: the general one' }))
}

type PushSettings = Partial<Record<keyof typeof pushSettings, string>>

/**
 * Returns the push credential for a grant: that of the requested platform, or the general one if no platform is requested.
 * @returns a SID; undefined if no platform is requested and there is no general credential
 * @throws Problem 403 `not-allowed`, if the requested platform has no credential
 * @example new ChatGrant({ serviceSid, pushCredentialSid: pushCredential(settings, request) })
 */
export function pushCredential (settings: PushSettings, { push }: { push?: keyof typeof settingOf }): string | undefined {
  if (push === undefined) return settings.TWILIO_PUSH_CREDENTIAL_SID
  const setting = settingOf[push]
  return settings[setting] ?? forbid('push', `not possible here, since ${setting} is not set`)
}

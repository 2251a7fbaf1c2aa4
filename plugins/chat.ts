import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, pushCredential, pushRequest, pushSettings, Sid, Type } from '../src/product.js'

// Programmable Chat ended in July 2022; only Flex still uses it. Conversations writes the same grant, and goes first.
export default defineProduct({
  name: 'chat',
  settings: Type.Object({ TWILIO_CHAT_SERVICE_SID: Sid('IS'), ...pushSettings }),
  request: Type.Object(pushRequest),
  allow: Type.Object({}),
  regions: ['us1', 'ie1'],
  defersGrant: true,
  grant: ({ settings, request }) => new AccessToken.ChatGrant({
    serviceSid: settings.TWILIO_CHAT_SERVICE_SID,
    pushCredentialSid: pushCredential(settings, request)
  })
})

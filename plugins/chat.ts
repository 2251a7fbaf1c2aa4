import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, Sid, Type } from '../src/product.js'

// Programmable Chat ended in July 2022; only Flex still uses it. Conversations writes the same grant, and goes first.
export default defineProduct({
  name: 'chat',
  settings: Type.Object({ TWILIO_CHAT_SERVICE_SID: Sid('IS') }),
  request: Type.Object({}),
  allow: Type.Object({}),
  regions: ['us1', 'ie1'],
  defersGrant: true,
  grant: ({ settings }) => new AccessToken.ChatGrant({ serviceSid: settings.TWILIO_CHAT_SERVICE_SID })
})

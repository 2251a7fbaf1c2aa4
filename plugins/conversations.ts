import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, Sid, Type } from '../src/product.js'

// Conversations reads the chat grant: twilio dropped ConversationsGrant in 4.0.0.
export default defineProduct({
  name: 'conversations',
  settings: Type.Object({ TWILIO_CONVERSATIONS_SERVICE_SID: Sid('IS') }),
  request: Type.Object({}),
  allow: Type.Object({}),
  regions: ['us1', 'ie1'],
  grant: ({ settings }) => new AccessToken.ChatGrant({ serviceSid: settings.TWILIO_CONVERSATIONS_SERVICE_SID })
})

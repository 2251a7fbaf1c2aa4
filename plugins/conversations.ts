import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, pushCredential, pushRequest, pushSettings, Sid, Type } from '../src/product.js'

// Conversations reads the chat grant: twilio dropped ConversationsGrant in 4.0.0.
export default defineProduct({
  name: 'conversations',
  settings: Type.Object({ TWILIO_CONVERSATIONS_SERVICE_SID: Sid('IS'), ...pushSettings }),
  request: Type.Object(pushRequest),
  allow: Type.Object({}),
  regions: ['us1', 'ie1'],
  grant: ({ settings, request }) => new AccessToken.ChatGrant({
    serviceSid: settings.TWILIO_CONVERSATIONS_SERVICE_SID,
    pushCredentialSid: pushCredential(settings, request)
  })
})

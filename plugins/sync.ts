import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, Type } from '../src/product.js'

export default defineProduct({
  name: 'sync',
  settings: Type.Object({
    TWILIO_SYNC_SERVICE_SID: Type.String({
      pattern: '^(IS[0-9a-fA-F]{32}|default)$',
      default: 'default',
      description: 'IS and 32 hexadecimal digits, or the word default'
    })
  }),
  request: Type.Object({}),
  allow: Type.Object({}),
  grant: ({ settings }) => new AccessToken.SyncGrant({ serviceSid: settings.TWILIO_SYNC_SERVICE_SID })
})

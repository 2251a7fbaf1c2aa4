import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, Patterns, Type } from '../src/product.js'

export default defineProduct({
  name: 'video',
  settings: Type.Object({}),
  request: Type.Object({
    room: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'a room\'s name or SID; without it, any room' }))
  }),
  allow: Type.Object({ rooms: Type.Optional(Patterns) }),
  identity: { maxLength: 128 },
  // https://www.twilio.com/docs/video: access tokens for Video are signed by keys of US1
  regions: ['us1'],
  grant: ({ request, allow, choose }) =>
    new AccessToken.VideoGrant({ room: choose('room', request.room, allow.rooms) })
})

import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, forbid, Patterns, Type } from '../src/product.js'

/** Characters, as Twilio takes them. */
const maxRoomLength = 128

export default defineProduct({
  name: 'video',
  settings: Type.Object({}),
  request: Type.Object({
    room: Type.Optional(Type.String({ minLength: 1, maxLength: maxRoomLength, description: 'a room\'s name or SID; default: any room', examples: ['My Room'] }))
  }),
  allow: Type.Object({ rooms: Type.Optional(Patterns) }),
  identity: { maxLength: 128 },
  // https://www.twilio.com/docs/video: access tokens for Video are signed by keys of US1
  regions: ['us1'],
  grant ({ request, allow, choose }) {
    const room = choose('room', request.room, allow.rooms)
    // The policy's one room with a long name filled in, or in NFC, may be longer than what was asked for.
    if (room !== undefined && [...room].length > maxRoomLength) forbid('room', `longer than the ${maxRoomLength} characters that Twilio takes`)
    return new AccessToken.VideoGrant({ room })
  }
})

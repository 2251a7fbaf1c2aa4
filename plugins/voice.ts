import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, invalid, Patterns, permit, refuse, Sid, Type } from '../src/product.js'

export default defineProduct({
  name: 'voice',
  settings: Type.Object({
    TWILIO_TWIML_APP_SID: Type.Optional(Sid('AP')),
    TWILIO_PUSH_CREDENTIAL_SID: Type.Optional(Sid('CR'))
  }),
  request: Type.Object({
    incoming: Type.Optional(Type.Boolean()),
    outgoing: Type.Optional(Type.Boolean()),
    params: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'passed to the TwiML app' }))
  }),
  allow: Type.Object({
    incoming: Type.Optional(Type.Boolean()),
    outgoing: Type.Optional(Type.Boolean()),
    params: Type.Optional(Type.Record(Type.String(), Patterns))
  }),
  // https://www.twilio.com/docs/voice/sdks/javascript: a client's name
  identity: { maxLength: 121, characters: /[A-Za-z0-9_]/, described: 'letters, digits and _' },
  grant ({ settings: { TWILIO_TWIML_APP_SID: app, TWILIO_PUSH_CREDENTIAL_SID: push }, request, allow, choose }) {
    const open = allow.incoming === undefined && allow.outgoing === undefined
    if (request.outgoing && app === undefined) refuse('outgoing', 'not possible here without TWILIO_TWIML_APP_SID')
    const incoming = permit('incoming', request.incoming, allow.incoming ?? open)
    const outgoing = permit('outgoing', request.outgoing, (allow.outgoing ?? open) && app !== undefined)
    if (!incoming && !outgoing) {
      if (request.incoming === false || request.outgoing === false) invalid('outgoing', 'a token needs incoming or outgoing')
      refuse('outgoing', 'neither calls in nor calls out are possible for this caller')
    }
    if (request.params && !outgoing) invalid('params', 'go with outgoing calls only')
    for (const [name, value] of Object.entries(request.params ?? {})) {
      if (allow.params && !Object.hasOwn(allow.params, name)) refuse('params', 'one that the policy does not name')
      choose('params', value, allow.params?.[name])
    }
    return new AccessToken.VoiceGrant({
      incomingAllow: incoming,
      outgoingApplicationSid: outgoing ? app : undefined,
      outgoingApplicationParams: outgoing ? request.params : undefined,
      pushCredentialSid: push
    })
  }
})

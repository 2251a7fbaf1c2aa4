import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { AnyName, badRequest, chooseEach, defineProduct, forbid, Patterns, pushCredential, pushRequest, pushSettings, resolveFlag, Sid, Type } from '../src/product.js'

const takesCalls = Type.Optional(Type.Boolean({ description: 'whether the page takes calls; default: yes, if that is allowed' }))
const makesCalls = Type.Optional(Type.Boolean({ description: 'whether the page makes calls; default: yes, if that is allowed and TWILIO_TWIML_APP_SID is set', examples: [true] }))
const flag = Type.Optional(Type.Boolean())

export default defineProduct({
  name: 'voice',
  settings: Type.Object({ TWILIO_TWIML_APP_SID: Type.Optional(Sid('AP')), ...pushSettings }),
  request: Type.Object({ incoming: takesCalls, outgoing: makesCalls, params: Type.Optional(Type.Record(AnyName, Type.String(), { description: 'passed to the TwiML app with each outgoing call', examples: [{ To: 'bob' }] })), ...pushRequest }),
  allow: Type.Object({ incoming: flag, outgoing: flag, params: Type.Optional(Type.Record(Type.String(), Patterns)) }),
  // https://www.twilio.com/docs/voice/sdks/javascript#access-token: what a client may be called
  identity: { maxLength: 121, characters: /[A-Za-z0-9_]/, described: 'letters, digits and _' },
  grant ({ settings: { TWILIO_TWIML_APP_SID: app, ...settings }, request: { params, ...asked }, allow, choose }) {
    const open = allow.incoming === undefined && allow.outgoing === undefined
    if (asked.outgoing && app === undefined) forbid('outgoing', 'not possible here, since TWILIO_TWIML_APP_SID is not set')
    const incoming = resolveFlag('incoming', asked.incoming, allow.incoming ?? open)
    const outgoing = resolveFlag('outgoing', asked.outgoing, (allow.outgoing ?? open) && app !== undefined)
    const decline = asked.incoming === false || asked.outgoing === false ? badRequest : forbid
    if (!incoming && !outgoing) decline('outgoing', 'a token needs calls in or calls out')
    if (params && !outgoing) badRequest('params', 'go with outgoing calls only')
    chooseEach(choose, 'params', params, allow.params)
    return new AccessToken.VoiceGrant({
      incomingAllow: incoming,
      pushCredentialSid: pushCredential(settings, asked),
      ...(outgoing && { outgoingApplicationSid: app, outgoingApplicationParams: params })
    })
  }
})

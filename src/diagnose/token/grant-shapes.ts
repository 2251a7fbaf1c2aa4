/** One property of a grant. */
export interface Property {
  /** The path in the grant: `room`, `outgoing.application_sid`. */
  path: string
  /** Names that people write by mistake, in lower case and without separators. */
  also?: string[]
  /** What it means for the holder if the property is missing. */
  without: string
}

export interface Shape {
  /** The product's usual name. */
  product: string
  /** Names that people write for the grant by mistake. */
  also: string[]
  properties: Property[]
}

const endpoint: Property = { path: 'endpoint_id', also: ['endpoint', 'deviceid', 'device'], without: 'the device has no name of its own' }
const push: Property = { path: 'push_credential_sid', also: ['pushcredential', 'pushsid', 'credentialsid'], without: 'the device gets no push notifications' }
const service = (without: string): Property => ({ path: 'service_sid', also: ['service', 'sid', 'serviceid', 'instancesid', 'servicesid'], without })

/** The properties of Twilio's grants, as its helper libraries write them. The content of `player` comes from the REST API. */
export const shapes: Record<string, Shape> = {
  voice: {
    product: 'Voice',
    also: ['programmablevoice', 'twiliovoice', 'phone', 'call', 'calls', 'client'],
    properties: [
      { path: 'incoming.allow', also: ['incomingallow', 'allowincoming', 'incomingallowed'], without: 'nobody can call the holder' },
      { path: 'outgoing.application_sid', also: ['outgoingapplicationsid', 'outgoingapplication', 'application', 'applicationid', 'app', 'appsid', 'twimlapp', 'twimlappsid', 'twimlapplicationsid', 'sid'], without: 'the holder cannot call out' },
      { path: 'outgoing.params', also: ['outgoingapplicationparams', 'outgoingparams', 'parameters', 'customparameters'], without: 'the TwiML app gets no parameters' },
      { path: 'incoming', also: ['inbound', 'incomingcalls'], without: 'nobody can call the holder' },
      { path: 'outgoing', also: ['outbound', 'outgoingcalls'], without: 'the holder cannot call out' },
      push,
      endpoint
    ]
  },
  video: {
    product: 'Video',
    also: ['programmablevideo', 'twiliovideo', 'rtc', 'room', 'rooms'],
    properties: [{ path: 'room', also: ['name', 'uniquename', 'sid'], without: 'the holder may enter any room' }]
  },
  chat: {
    product: 'Conversations and Chat',
    also: ['conversations', 'conversation', 'programmablechat', 'ipmessaging', 'messaging', 'twiliochat'],
    properties: [
      service('the token opens no Conversations or Chat service'),
      { path: 'deployment_role_sid', also: ['deploymentrole', 'rolesid', 'role'], without: 'the holder gets the service\'s default role' },
      push,
      endpoint
    ]
  },
  data_sync: { product: 'Sync', also: ['sync', 'twiliosync'], properties: [service('the token opens no Sync service'), endpoint] },
  task_router: {
    product: 'TaskRouter',
    also: ['worker', 'workspace', 'twiliotaskrouter'],
    properties: [
      { path: 'workspace_sid', also: ['workspace', 'workspaceid'], without: 'the token opens no workspace' },
      { path: 'worker_sid', also: ['worker', 'workerid'], without: 'the token is for no worker' },
      { path: 'role', without: 'the holder has no role' }
    ]
  },
  player: { product: 'Live', also: ['playback', 'live', 'playergrant'], properties: [] }
}

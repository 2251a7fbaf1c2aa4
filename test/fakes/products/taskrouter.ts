import AccessToken from 'twilio/lib/jwt/AccessToken.js'
import { defineProduct, Patterns, Sid, Type } from '../../../src/product.js'

export default defineProduct({
  name: 'taskrouter',
  settings: Type.Object({ TWILIO_TASKROUTER_WORKSPACE_SID: Sid('WS') }),
  request: Type.Object({ worker: Sid('WK') }),
  allow: Type.Object({ workers: Type.Optional(Patterns) }),
  grant: ({ settings, request, allow, choose }) => new AccessToken.TaskRouterGrant({
    workspaceSid: settings.TWILIO_TASKROUTER_WORKSPACE_SID,
    workerSid: choose('worker', request.worker, allow.workers),
    role: 'worker'
  })
})

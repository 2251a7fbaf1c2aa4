import { defineProduct, Patterns, Sid, Type } from 'twilio-token-broker/product'

export default defineProduct({
  name: 'taskrouter',
  settings: Type.Object({ TWILIO_TASKROUTER_WORKSPACE_SID: Sid('WS') }),
  request: Type.Object({ worker: Sid('WK') }),
  allow: Type.Object({ workers: Type.Optional(Patterns) }),
  grant ({ settings, request, allow, choose }) {
    const worker = choose('worker', request.worker, allow.workers)
    const payload = { workspace_sid: settings.TWILIO_TASKROUTER_WORKSPACE_SID, worker_sid: worker, role: 'worker' }
    return { key: 'task_router', toPayload: () => payload }
  }
})

import assert from 'node:assert'
import { testProduct } from 'twilio-token-broker/product'
import taskrouter from './index.js'

const settings = { TWILIO_TASKROUTER_WORKSPACE_SID: 'WS' + '1'.repeat(32) }
const request = { worker: 'WK' + '2'.repeat(32) }

const { key, payload } = testProduct(taskrouter, { settings, request, identity: 'susan' })
assert.strictEqual(key, 'task_router')
assert.strictEqual(payload.worker_sid, request.worker)

// What a caller would be answered is thrown.
assert.throws(() => testProduct(taskrouter, { settings, request, allow: { workers: ['WK1*'] } }), { status: 403, code: 'not-allowed' })

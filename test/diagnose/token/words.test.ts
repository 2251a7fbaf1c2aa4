import t from 'tap'
import { clock, grantsInWords } from '../../../src/diagnose/token/words.js'
import { long } from '../../helpers/made-token.js'

t.test('grants in words, and times as a clock shows them', async t => {
  t.same(grantsInWords({
    identity: 'x', video: {}, data_sync: { service_sid: 'default' }, chat: { service_sid: 'IS' }, player: {}, other: { a: 1 }, toString: 1, task_router: { workspace_sid: 'WS', worker_sid: 'WK', role: 'worker' }, voice: { outgoing: { application_sid: 'AP', params: { To: 'x' } } }
  }), [
    'may enter any video room', 'may use the Sync service default', 'may use the Conversations or Chat service IS', 'may play a live stream',
    'holds a grant called other: {"a":1}', 'holds a grant called toString: 1', 'may be worker WK in the TaskRouter workspace WS',
    'may not take calls', 'may call through the TwiML app AP with {"To":"x"}'
  ])
  t.same(grantsInWords({ voice: { outgoing: { application_sid: long(300) } } })[1]!.length, 'may call through the TwiML app '.length + 201)
  t.same([3582, 86399, 5].map(clock), ['59:42', '23:59:59', '0:05'])
})

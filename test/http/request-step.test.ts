import type { FastifyReply, FastifyRequest, FastifyInstance } from 'fastify'
import t from 'tap'
import { inOrder, type RequestStep } from '../../src/http/request-step.js'

/** Runs the steps. @returns their names in the order in which they ran, and how the hook ended */
async function run (steps: Record<string, RequestStep>, reply: { sent: boolean } = { sent: false }) {
  const ran: string[] = []
  const named = Object.entries(steps).map(([name, step]): RequestStep => (request, reply) => {
    ran.push(name)
    return step(request, reply)
  })
  let ended: { error: unknown } | undefined
  inOrder(named).call({} as FastifyInstance, {} as FastifyRequest, reply as FastifyReply, error => { ended = { error } })
  await new Promise(resolve => setImmediate(resolve))
  return { ran, ended }
}

const pass = () => {}
const later = async () => {}

t.test('steps run one after the other, those that wait included', async t => {
  t.same(await run({ first: pass, second: later, third: pass }), { ran: ['first', 'second', 'third'], ended: { error: undefined } })
})

t.test('a step that answers ends the row, and the request is not passed on', async t => {
  const reply = { sent: false }
  const answer = () => { reply.sent = true }
  t.same(await run({ first: answer, second: pass }, reply), { ran: ['first'], ended: undefined })
  reply.sent = false
  t.same(await run({ first: async () => answer(), second: pass }, reply), { ran: ['first'], ended: undefined })
})

t.test('whatever a step fails with, no later step runs, and the hook ends with an error', async t => {
  const refusal = new Error('no')
  const fails: Record<string, RequestStep> = {
    throws: () => { throw refusal },
    rejects: () => Promise.reject(refusal)
  }
  for (const [how, step] of Object.entries(fails)) t.same(await run({ step, next: pass }), { ran: ['step'], ended: { error: refusal } }, how)
  const nothing: unknown = undefined
  const empty: Record<string, RequestStep> = {
    'throws nothing': () => { throw nothing },
    'rejects with nothing': async () => { throw nothing }
  }
  for (const [how, step] of Object.entries(empty)) {
    const { ran, ended } = await run({ step, next: pass })
    t.same(ran, ['step'], how)
    t.type(ended?.error, Error, how)
  }
})

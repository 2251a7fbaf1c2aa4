import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, type Dispatcher } from 'undici'

/** An answer of the fake: a status and Twilio's code, or something that goes wrong. */
export type RestAnswer = { status: number, code?: number, body?: string } | 'hang up' | 'stall'

export interface Rest {
  /** What each resource answers, by `host/path` without the query; 404 (20404) for others. */
  answers: Record<string, RestAnswer>
  /** Seconds by which its clock is ahead of this one's; null sends no Date. */
  ahead: number | null
  /** `host/path` and Authorization of each request. */
  asked: Array<{ url: string, authorization: string | undefined }>
  /** Brings every request here, whatever host it is for. */
  network: Dispatcher
  close (): Promise<void>
}

/** Twilio's REST API as its public description has it: https://github.com/twilio/twilio-oai */
export async function twilioRest (): Promise<Rest> {
  const server = createServer((request, response) => {
    const url = `${request.headers['x-host']}${request.url!.split('?', 1)[0]}`
    rest.asked.push({ url, authorization: request.headers.authorization })
    const answer = rest.answers[url] ?? { status: 404, code: 20404 }
    if (answer === 'stall') return
    if (answer === 'hang up') return request.socket.destroy()
    response.sendDate = false
    if (rest.ahead !== null) response.setHeader('Date', new Date(Date.now() + rest.ahead * 1000).toUTCString())
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(answer.body ?? JSON.stringify(answer.status === 200 ? {} : { code: answer.code, message: 'no', status: answer.status }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const agent = new Agent()
  const rest: Rest = {
    answers: {},
    ahead: 0,
    asked: [],
    network: agent.compose(dispatch => (options, handler) => dispatch({
      ...options,
      origin: `http://127.0.0.1:${port}`,
      headers: { ...options.headers as Record<string, string>, 'x-host': new URL(options.origin!).host }
    }, handler)),
    async close () {
      await agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
  return rest
}

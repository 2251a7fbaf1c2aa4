import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy before Redis that lets through as many commands as it is told, and keeps the others until it is opened. */
export async function valve (port: number) {
  let left = Infinity
  const passed: string[] = []
  const waiting: Array<() => void> = []
  const queues: string[][] = []
  const clients = new Set<Socket>()
  const server = createServer(client => {
    clients.add(client)
    const redis = connect(port, '127.0.0.1').on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('error', () => {}).on('close', () => redis.destroy())
    redis.pipe(client)
    const kept: string[] = []
    let unread = ''
    const send = () => {
      for (let command = kept[0]; command !== undefined && (left > 0 || isProbe(command)); command = kept[0]) {
        kept.shift()
        redis.write(command)
        if (isProbe(command)) continue
        left--
        passed.push(command)
      }
    }
    waiting.push(send)
    queues.push(kept)
    client.setEncoding('latin1').on('data', (text: string) => {
      unread += text
      for (let length = lengthOfFirst(unread); length !== undefined; length = lengthOfFirst(unread)) {
        kept.push(unread.slice(0, length))
        unread = unread.slice(length)
      }
      send()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const allow = (commands: number) => {
    left = commands
    for (const send of waiting) send()
  }
  return {
    port: (server.address() as AddressInfo).port,
    /** What has gone through since `let`. */
    passed,
    /** How many commands wait. */
    get kept () { return queues.flat().length },
    /** Lets so many more commands through, not counting those by which the broker checks whether Redis is available. */
    let (commands: number) {
      passed.length = 0
      allow(commands)
    },
    open: () => allow(Infinity),
    async close () {
      server.close()
      for (const client of clients) client.destroy()
      await once(server, 'close')
    }
  }
}

/** Of the first command in a text; undefined where that is not whole. https://redis.io/docs/latest/develop/reference/protocol-spec */
function lengthOfFirst (text: string): number | undefined {
  const [head, count] = /^\*(\d+)\r\n/.exec(text) ?? []
  if (head === undefined) return undefined
  let at = head.length
  for (let i = 0; i < Number(count); i++) {
    const [length, bytes] = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20)) ?? []
    if (length === undefined) return undefined
    at += length.length + Number(bytes) + 2
  }
  return at <= text.length ? at : undefined
}

function isProbe (command: string): boolean {
  return !/\r\n(evalsha|eval|set|exists)\r\n/i.test(command) || command.includes(':probe:')
}

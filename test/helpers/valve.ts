import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'

/** A proxy before Redis that lets through as many commands as it is told, and keeps the others until it is opened. */
export async function valve (port: number) {
  let left = Infinity
  const passed: string[] = []
  const waiting: Array<() => void> = []
  const server = createServer(client => {
    const redis = connect(port, '127.0.0.1').on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('error', () => {}).on('close', () => redis.destroy())
    redis.pipe(client)
    const kept: string[] = []
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
    // The keys are digests, so nothing else in a command looks like the beginning of one.
    client.setEncoding('latin1').on('data', (text: string) => {
      kept.push(...text.split(/(?=\*\d+\r\n\$\d+\r\n)/))
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
    /** Lets so many more commands through, not counting those by which the broker looks whether Redis is there. */
    let (commands: number) {
      passed.length = 0
      allow(commands)
    },
    open: () => allow(Infinity),
    async close () {
      server.close()
      await once(server, 'close')
    }
  }
}

function isProbe (command: string): boolean {
  return !/\r\n(evalsha|eval|set|exists)\r\n/i.test(command) || command.includes(':probe:')
}

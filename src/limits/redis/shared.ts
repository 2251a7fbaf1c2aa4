import type { Ask, CounterSource } from '../counters.js'
import { MemoryCounters } from '../memory/counters.js'
import { CommandBatch, type CountCommand } from './batch.js'
import { RedisConnection, type ConnectionOptions } from './connection.js'
import { SharedCounters } from './counters.js'
import { SharedKnownAddresses } from './known-addresses.js'
import { SharedMarks } from './marks.js'

export interface SharedOptions extends ConnectionOptions {
  /** While Redis is away, each node counts for itself (`local`), or every hit fails with `limiter-unavailable` (`closed`). */
  down: 'local' | 'closed'
}

/** Counters that all nodes on one Redis share. Resolves after the first try to reach Redis, whether it succeeded or not. */
export async function sharedCounters (options: SharedOptions): Promise<CounterSource> {
  const connection = await RedisConnection.open(options)
  const batch = new CommandBatch(connection)
  return {
    get up () { return connection.up },
    counters: (name, windowMs, maxKeys) => new SharedCounters(batch, name, new MemoryCounters(windowMs, { maxKeys }), options.down),
    knownAddresses: () => new SharedKnownAddresses(connection),
    marks: new SharedMarks(connection, options.down),
    askAhead: asks => connection.up ? askAhead(batch, asks as Iterable<Ask<SharedCounters>>) : () => {},
    close: () => connection.close()
  }
}

/** Counts several hits in one command, up to the first that this node knows to be refused. */
function askAhead (batch: CommandBatch, asks: Iterable<Ask<SharedCounters>>): () => void {
  const commands: CountCommand[] = []
  const asked: Array<Ask<SharedCounters>> = []
  for (const ask of asks) {
    const command = ask.counters.commandFor(ask)
    if (command === undefined) break
    commands.push(command)
    asked.push(ask)
  }
  if (commands.length === 0) return () => {}
  const replies = batch.count(commands)
  const releases = asked.map(({ counters, key }, i) => counters.expect(key, commands[i]!, replies.then(replies => replies?.[i])))
  return () => { for (const release of releases) release() }
}

import type { PlannedHit } from '../counters.js'
import type { CommandBatch, CountCommand } from './batch.js'
import type { SharedCounters } from './shared-counters.js'

/**
 * Counts several hits in one command, up to the first that this node knows to be refused. Their counters keep the replies for `consume` and
 * `reserve`.
 * @returns a function that releases the hits that neither of them has used
 */
export function prefetch (batch: CommandBatch, hits: Iterable<PlannedHit<SharedCounters>>): () => void {
  const commands: CountCommand[] = []
  const sent: Array<PlannedHit<SharedCounters>> = []
  for (const hit of hits) {
    const command = hit.counters.commandFor(hit)
    if (command === undefined) break
    commands.push(command)
    sent.push(hit)
  }
  if (commands.length === 0) return () => {}
  const replies = batch.count(commands)
  const releases = sent.map(({ counters, key }, i) => counters.keepPrefetched(key, commands[i]!, replies.then(replies => replies?.[i])))
  return () => { for (const release of releases) release() }
}

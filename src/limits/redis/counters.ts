import { problem } from '../../problems.js'
import { isExhausted, type Ask, type Count, type Counters, type CounterSource, type Hold } from '../counters.js'
import { CountResult } from '../hit.js'
import { MemoryCounters } from '../memory/counters.js'
import { SharedKnownAddresses } from './known-addresses.js'
import { SharedMarks } from './marks.js'
import { RedisLink, type LinkOptions } from './connection.js'
import { redisKey, type CountReply } from './scripts.js'
import { CommandBatch, type Question } from './batch.js'

export interface SharedOptions extends LinkOptions {
  /** While Redis is away: `local` counts in each node for itself, `closed` refuses with `limiter-unavailable`. */
  down: 'local' | 'closed'
}

/** Counters that all nodes on one Redis have in common. Resolves after the first try to reach it, whether it succeeded or not. */
export async function sharedCounters (options: SharedOptions): Promise<CounterSource> {
  const link = await RedisLink.open(options)
  const wire = new CommandBatch(link)
  return {
    get up () { return link.up },
    counters: (name, window, size) => new SharedCounters(wire, name, new MemoryCounters(window, { size }), options.down),
    knownAddresses: () => new SharedKnownAddresses(link),
    marks: new SharedMarks(link, options.down),
    askAhead: asks => link.up ? askAhead(wire, asks as Iterable<Ask<SharedCounters>>) : () => {},
    close: () => link.close()
  }
}

/** Asks for several hits at once, as far as this node knows of no refusal among them. */
function askAhead (wire: CommandBatch, asks: Iterable<Ask<SharedCounters>>): () => void {
  const questions: Question[] = []
  const asked: Array<Ask<SharedCounters>> = []
  for (const ask of asks) {
    const question = ask.counters.question(ask)
    if (question === undefined) break
    questions.push(question)
    asked.push(ask)
  }
  if (questions.length === 0) return () => {}
  const replies = wire.ask(questions)
  const releases = asked.map(({ counters, key }, i) => counters.expect(key, questions[i]!, replies.then(replies => replies?.[i])))
  return () => { for (const release of releases) release() }
}

/** Undefined where Redis was not asked, as it had refused another before, or where it is away. */
type Reply = Promise<CountReply | undefined>

/**
 * Redis counts; beside it this node keeps its own account of what Redis said and of its own holds. That one goes on when Redis is away,
 * and where Redis knows of fewer hits, as it was restarted, evicted keys or lost its last writes: what a node knows never becomes less within a window.
 */
export class SharedCounters implements Counters {
  readonly window: number
  readonly #batch: CommandBatch
  readonly #name: string
  readonly #local: MemoryCounters
  readonly #down: SharedOptions['down']
  /** What was asked ahead, by key. One hit of a key is as good as another, so it does not matter who takes which. */
  readonly #expected = new Map<string, Set<Reply>>()

  constructor (wire: CommandBatch, name: string, local: MemoryCounters, down: SharedOptions['down']) {
    this.window = local.window
    this.#batch = wire
    this.#name = name
    this.#local = local
    this.#down = down
  }

  async consume (key: string, max: number): Promise<Count> {
    const { reply, learned } = await this.#count(key, max, 0)
    if (reply !== undefined && (learned !== 'lost' || reply[3] === 1)) return hit(reply, max)
    const own = this.#local.consume(key, max)
    if (reply !== undefined && own.exceeded) this.#batch.tell(this.#redisKey(key), reply[4], 1, 0)
    return own
  }

  async reserve (key: string, max: number): Promise<Hold> {
    const { reply, learned } = await this.#count(key, max, 1)
    if (reply === undefined) return this.#local.reserve(key, max)
    if (reply[3] === 1) return hit(reply, max)
    const own = this.#local.reserve(key, max)
    const settle = (givenBack: 0 | 1): void => {
      if (givenBack === 1) own.release()
      else own.commit()
      this.#batch.tell(this.#redisKey(key), reply[4], givenBack, 1)
    }
    if (learned === 'taken' || !own.exceeded) return hit(reply, max, settle)
    settle(1)
    return own
  }

  read (key: string, max: number): Count {
    return this.#local.read(key, max)
  }

  clear (key: string, most: number): void {
    this.#local.clear(key, most)
    this.#batch.clear(this.#redisKey(key), most)
  }

  /** What Redis would be asked; undefined where a limit is known to be reached. */
  question ({ key, max, hold }: Pick<Ask, 'key' | 'max' | 'hold'>): Question | undefined {
    return isExhausted(this.#local.read(key, max)) ? undefined : { key: this.#redisKey(key), max, window: this.window, hold }
  }

  /**
   * Keeps a reply for the next who asks for the key.
   * @returns gives the hit back, if nobody took it
   */
  expect (key: string, { key: shared, hold }: Question, reply: Reply): () => void {
    const replies = this.#expected.get(key) ?? new Set()
    this.#expected.set(key, replies.add(reply))
    return async () => {
      if (!this.#forget(key, replies, reply)) return
      const counted = await reply
      if (counted !== undefined && counted[3] === 0) this.#batch.tell(shared, counted[4], 1, hold)
    }
  }

  /**
   * What Redis says, and whether this node knew better. Nothing where this node counts for itself: when Redis is away, or a limit is known to be reached.
   */
  async #count (key: string, max: number, hold: 0 | 1): Promise<{ reply?: CountReply, learned?: ReturnType<MemoryCounters['mergeRemote']> }> {
    const question = this.question({ key, max, hold })
    if (question === undefined) return {}
    const reply = await this.#expectedOf(key) ?? (await this.#batch.ask([question]))?.[0]
    if (reply === undefined) {
      if (this.#down === 'closed') throw problem('limiter-unavailable', { retryAfter: 5 })
      return {}
    }
    const [used, held, resetMs, , id, gone] = reply
    return { reply, learned: this.#local.mergeRemote(key, max, { kept: used - held, gone, resetMs, id }) }
  }

  #expectedOf (key: string): Reply | undefined {
    const replies = this.#expected.get(key)
    if (replies === undefined) return
    const [reply] = replies
    this.#forget(key, replies, reply!)
    return reply
  }

  #forget (key: string, replies: Set<Reply>, reply: Reply): boolean {
    const had = replies.delete(reply)
    if (replies.size === 0 && this.#expected.get(key) === replies) this.#expected.delete(key)
    return had
  }

  #redisKey (key: string): string {
    return redisKey(this.#name, key)
  }
}

function hit ([used, held, left, exceeded]: CountReply, max: number, settle?: (givenBack: 0 | 1) => void): CountResult {
  return new CountResult(used, held, max, left, exceeded === 1, settle)
}

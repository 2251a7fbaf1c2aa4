import { hash } from 'node:crypto'
import type { Result } from 'ioredis'

/**
 * Where a counter is kept: under a version, which goes up when the scripts change what they store.
 * Only a digest of its key, as people type passwords in the place of names.
 */
export function redisKey (name: string, key: string): string {
  return `twilio-token-broker:1:${name}:${hash('sha256', key, 'base64url')}`
}

/**
 * Milliseconds after which a hold whose node never told its outcome, as it died, is given back. No login takes so long: a second for
 * the store, 20 in the queue for hashes and 30 for the hash are the most.
 */
const ABANDONED = 60_000

/**
 * A counter is a hash: hits `used`, of them `held`, the window's `id`, and the time left when the last hold was taken.
 * Its life is the window, and is also the clock, so that no node's own clock plays a part.
 */
const read = `
  local function read (key)
    local state = redis.call('HMGET', key, 'used', 'held', 'id', 'last')
    return tonumber(state[1] or 0), tonumber(state[2] or 0), state[3], tonumber(state[4] or 0)
  end`

/** Each is atomic, and takes any number of counters. */
export const scripts = {
  /**
   * Counts a hit in one counter after the other, up to the first where it is one too many. Arguments: an id for new windows; for each
   * counter, most hits, milliseconds of a window, 1 for a hold. Answers for each that was asked: used, held, milliseconds left, 1 when one too many, id.
   */
  brokerCount: {
    lua: `${read}
  local function count (key, max, window, hold)
    local used, held, id, last = read(key)
    local left = redis.call('PTTL', key)
    if left <= 0 then
      redis.call('DEL', key)
      used, held, id, last, left = 0, 0, ARGV[1], 0, window
    end
    left = math.min(left, window)
    if last - left > ${ABANDONED} then
      used, held = used - held, 0
    end
    if used >= max then
      return {used, held, left, 1, id}
    end
    used, held = used + 1, held + hold
    if hold == 1 then
      last = left
    end
    redis.call('HSET', key, 'used', used, 'held', held, 'id', id, 'last', last)
    redis.call('PEXPIRE', key, left)
    return {used, held, left, 0, id}
  end

  local replies = {}
  for i, key in ipairs(KEYS) do
    replies[i] = count(key, tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]))
    if replies[i][4] == 1 then
      break
    end
  end
  return replies`
  },

  /**
   * What became of hits. Arguments for each counter: the id of the hit's window, how many hits never were, how many are held no more;
   * or no id, which forgets what counts for good.
   */
  brokerTell: {
    lua: `${read}
  for i, key in ipairs(KEYS) do
    local used, held, id = read(key)
    local told, givenBack, settled = ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    if told == '' then
      told, givenBack, settled = id, used - held, 0
    end
    -- Those of a window that has ended, or that were taken for abandoned, are not there any more.
    if told == id and held >= settled and used - givenBack >= held - settled then
      if used == givenBack then
        redis.call('DEL', key)
      else
        redis.call('HSET', key, 'used', used - givenBack, 'held', held - settled)
      end
    end
  end`
  }
}

export type CountReply = [used: number, held: number, left: number, exceeded: 0 | 1, id: string]

declare module 'ioredis' {
  interface RedisCommander<Context> {
    brokerCount (keys: number, ...keysAndArguments: Array<string | number>): Result<CountReply[], Context>
    brokerTell (keys: number, ...keysAndArguments: Array<string | number>): Result<null, Context>
  }
}

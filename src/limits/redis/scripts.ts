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
 * A counter is a hash: hits `used`, of them `held`, the window's `id`, the time left when the last hold was taken, and hits that counted for good
 * in this window and are `gone`. Those and the ones that still count for good only ever add up, by which nodes know whether Redis has lost some.
 * Its life is the window, and is also the clock, so that no node's own clock plays a part.
 */
const read = `
  local function read (key)
    local state = redis.call('HMGET', key, 'used', 'held', 'id', 'last', 'gone')
    return tonumber(state[1] or 0), tonumber(state[2] or 0), state[3], tonumber(state[4] or 0), tonumber(state[5] or 0)
  end`

/** Needs an id for new windows as the first argument. */
const count = `
  local function count (key, max, window, hold)
    local used, held, id, last, gone = read(key)
    local left = redis.call('PTTL', key)
    if left <= 0 then
      redis.call('DEL', key)
      used, held, id, last, gone, left = 0, 0, ARGV[1], 0, 0, window
    end
    left = math.min(left, window)
    if last - left > ${ABANDONED} then
      used, held = used - held, 0
    end
    if used >= max then
      return {used, held, left, 1, id, gone}
    end
    used, held = used + 1, held + hold
    if hold == 1 then
      last = left
    end
    redis.call('HSET', key, 'used', used, 'held', held, 'id', id, 'last', last)
    redis.call('PEXPIRE', key, left)
    return {used, held, left, 0, id, gone}
  end`

/** Each is atomic, and takes any number of counters. */
export const scripts = {
  /**
   * Counts a hit in one counter after the other, up to the first where it is one too many. Arguments: an id for new windows; for each
   * counter, most hits, milliseconds of a window, 1 for a hold. Answers for each that was asked: used, held, milliseconds left, 1 when one too many, id, gone.
   */
  brokerCount: {
    lua: `${read}${count}

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
   * or no id, and the most of those that count for good to clear in a window.
   */
  brokerTell: {
    lua: `${read}
  for i, key in ipairs(KEYS) do
    local used, held, id, _, gone = read(key)
    local told, givenBack, settled = ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    if told == '' then
      told, givenBack, settled = id, math.max(0, math.min(used - held, givenBack - gone)), 0
    end
    -- Those of a window that has ended, or that were taken for abandoned, are not there any more.
    if told == id and held >= settled and used - givenBack >= held - settled then
      gone = gone + math.max(0, givenBack - settled)
      if used == givenBack and gone == 0 then
        redis.call('DEL', key)
      else
        redis.call('HSET', key, 'used', used - givenBack, 'held', held - settled, 'gone', gone)
      end
    end
  end`
  },

  /**
   * Marks the first key, unless it is marked already, and counts a hit in the second, if there is one. Where the hit is one too many, nothing is marked.
   * Arguments: an id for a new window, milliseconds of the mark, and of the counter the most hits and milliseconds of a window. Answers 1 where it was marked
   * already, else 0, and of the counter what `brokerCount` answers.
   */
  brokerSetOnce: {
    lua: `${read}${count}

  if redis.call('EXISTS', KEYS[1]) == 1 then
    return {1}
  end
  local reply = KEYS[2] and count(KEYS[2], tonumber(ARGV[3]), tonumber(ARGV[4]), 0)
  if not reply then
    redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
    return {0}
  end
  if reply[4] == 0 then
    redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
  end
  return {0, reply}`
  },

  /** Redis' maxmemory-policy. Null where this user may not ask for it, which is found out without a line in the log of Redis' ACL, or where a service does not tell. */
  brokerPolicy: {
    lua: `
  if redis.acl_check_cmd and not redis.acl_check_cmd('INFO', 'memory') then
    return false
  end
  local info = redis.pcall('INFO', 'memory')
  return type(info) == 'string' and string.match(info, 'maxmemory_policy:([a-z-]+)')`
  }
}

export type CountReply = [used: number, held: number, left: number, exceeded: 0 | 1, id: string, gone: number]

declare module 'ioredis' {
  interface RedisCommander<Context> {
    brokerCount (keys: number, ...keysAndArguments: Array<string | number>): Result<CountReply[], Context>
    brokerTell (keys: number, ...keysAndArguments: Array<string | number>): Result<null, Context>
    brokerSetOnce (keys: number, ...keysAndArguments: Array<string | number>): Result<[isMarked: 0 | 1, count?: CountReply], Context>
    brokerPolicy (keys: 1, key: string): Result<string | null, Context>
  }
}

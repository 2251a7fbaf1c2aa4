import type { Result } from 'ioredis'

/**
 * Redis releases a reservation after this time, because its node has died. No login takes as long: at most 1 second for the store, 20 in
 * the queue for hashes and 30 for the hash.
 */
export const ABANDONED_MS = 60_000

/**
 * A counter is a Redis hash with these fields: `used` hits, of which `held` are reservations; the window's `id`; the milliseconds that were
 * `left` at the last reservation; and how many committed hits were `cleared`. Within a window the sum of committed and cleared hits only
 * grows, so that nodes notice when Redis has lost some.
 * The hash expires with its window. That expiry is the only clock, so the clocks of nodes do not matter.
 */
const read = `
  local function read (key)
    local state = redis.call('HMGET', key, 'used', 'held', 'id', 'left', 'cleared')
    return tonumber(state[1] or 0), tonumber(state[2] or 0), state[3], tonumber(state[4] or 0), tonumber(state[5] or 0)
  end`

/** Needs an id for new windows as the first argument. */
const count = `
  local function count (key, max, window, hold)
    local used, held, id, leftThen, cleared = read(key)
    local left = redis.call('PTTL', key)
    if left <= 0 then
      redis.call('DEL', key)
      used, held, id, leftThen, cleared, left = 0, 0, ARGV[1], 0, 0, window
    end
    left = math.min(left, window)
    if leftThen - left > ${ABANDONED_MS} then
      used, held = used - held, 0
    end
    if used >= max then
      return {used, held, left, 1, id, cleared}
    end
    used, held = used + 1, held + hold
    if hold == 1 then
      leftThen = left
    end
    redis.call('HSET', key, 'used', used, 'held', held, 'id', id, 'left', leftThen)
    redis.call('PEXPIRE', key, left)
    return {used, held, left, 0, id, cleared}
  end`

/** Each script is atomic and takes any number of counters. All its keys are declared and share one hash tag, as a Redis Cluster demands. */
export const scripts = {
  /**
   * Counts a hit in each counter, up to the first that refuses it.
   * Arguments: an id for new windows; then for each counter its limit, its window in milliseconds, and 1 for a reservation.
   * Replies with a `CountReply` for each counter that was reached.
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
   * Settles hits. Arguments for each counter: the id of the hits' window, how many hits are released, how many reservations end. With an
   * empty id it clears committed hits instead: the second argument is then how many may be cleared in one window.
   */
  brokerSettle: {
    lua: `${read}
  for i, key in ipairs(KEYS) do
    local used, held, id, _, cleared = read(key)
    local window, released, settled = ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    if window == '' then
      window, released, settled = id, math.max(0, math.min(used - held, released - cleared)), 0
    end
    -- Skips hits of an ended window, and reservations that were already released as abandoned.
    if window == id and held >= settled and used - released >= held - settled then
      cleared = cleared + math.max(0, released - settled)
      if used == released and cleared == 0 then
        redis.call('DEL', key)
      else
        redis.call('HSET', key, 'used', used - released, 'held', held - settled, 'cleared', cleared)
      end
    end
  end`
  },

  /**
   * Marks the first key, unless it is marked already, and counts a hit in the second, if there is one. If the hit is refused, nothing is
   * marked. Arguments: an id for a new window, the milliseconds of the mark; for the counter its limit and its window in milliseconds.
   * Replies with 1 if the key was marked already, else 0, and with a `CountReply` if there is a second key.
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

  /**
   * Replaces a text, unless another node has changed it. Arguments: the text before, the new one, its milliseconds. Replies with 1 if it
   * did.
   */
  brokerReplace: {
    lua: `
  if (redis.call('HMGET', KEYS[1], 'text')[1] or '') ~= ARGV[1] then
    return 0
  end
  redis.call('HSET', KEYS[1], 'text', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 1`
  },

  /**
   * Replies with Redis' maxmemory-policy; null if this user may not read it or the service hides it. Checks the permission first,
   * because a refused command is logged by Redis.
   */
  brokerPolicy: {
    lua: `
  if redis.acl_check_cmd and not redis.acl_check_cmd('INFO', 'memory') then
    return false
  end
  local info = redis.pcall('INFO', 'memory')
  return type(info) == 'string' and string.match(info, 'maxmemory_policy:([a-z-]+)')`
  }
}

export type CountReply = [used: number, held: number, leftMs: number, exceeded: 0 | 1, windowId: string, cleared: number]

declare module 'ioredis' {
  interface RedisCommander<Context> {
    brokerCount (keys: number, ...keysAndArguments: Array<string | number>): Result<CountReply[], Context>
    brokerSettle (keys: number, ...keysAndArguments: Array<string | number>): Result<null, Context>
    brokerSetOnce (keys: number, ...keysAndArguments: Array<string | number>): Result<[isMarked: 0 | 1, count?: CountReply], Context>
    brokerReplace (keys: 1, key: string, before: string, after: string, ms: number): Result<0 | 1, Context>
    brokerPolicy (keys: 1, key: string): Result<string | null, Context>
  }
}

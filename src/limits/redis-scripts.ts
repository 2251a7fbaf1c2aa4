import { hash } from 'node:crypto'
import type { Result } from 'ioredis'

/**
 * Where a counter is kept: under a version, which goes up when the scripts change what they store.
 * Only a digest of its key, as people type passwords in the place of names.
 */
export function redisKey (name: string, key: string): string {
  return `twilio-token-broker:1:${name}:${hash('sha256', key, 'base64url')}`
}

/** Milliseconds after which a hold whose node never told its outcome, as it died, is given back. No login takes so long. */
const ABANDONED = 30_000

/**
 * A counter is a hash: hits `used`, of them `held`, the window's `id`, and the time left when the last hold was taken.
 * Its life is the window, and is also the clock, so that no node's own clock plays a part.
 */
const read = `
  local state = redis.call('HMGET', KEYS[1], 'used', 'held', 'id', 'last')
  local used, held, id, last = tonumber(state[1] or 0), tonumber(state[2] or 0), state[3], tonumber(state[4] or 0)
  local left = redis.call('PTTL', KEYS[1])`

/** Each is atomic, touches one key, and is written with its number of keys. */
export const scripts = {
  /** Arguments: most hits, milliseconds of a window, an id for a new one, 1 for a hold. Answers: used, held, milliseconds left, 1 when one too many, id. */
  brokerCount: {
    numberOfKeys: 1,
    lua: `${read}
  local max, window, hold = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
  if left <= 0 then
    redis.call('DEL', KEYS[1])
    used, held, id, last, left = 0, 0, ARGV[3], 0, window
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
  redis.call('HSET', KEYS[1], 'used', used, 'held', held, 'id', id, 'last', last)
  redis.call('PEXPIRE', KEYS[1], left)
  return {used, held, left, 0, id}`
  },

  /** What became of a hold. Arguments: the id of its window, 1 when it is given back. */
  brokerSettle: {
    numberOfKeys: 1,
    lua: `${read}
  if id ~= ARGV[1] or held == 0 then
    return
  end
  used = used - tonumber(ARGV[2])
  if used == 0 then
    redis.call('DEL', KEYS[1])
  else
    redis.call('HSET', KEYS[1], 'used', used, 'held', held - 1)
  end`
  },

  /** Forgets what counts for good. */
  brokerClear: {
    numberOfKeys: 1,
    lua: `${read}
  if held == 0 then
    redis.call('DEL', KEYS[1])
  else
    redis.call('HSET', KEYS[1], 'used', held)
  end`
  }
}

export type CountReply = [used: number, held: number, left: number, exceeded: 0 | 1, id: string]

declare module 'ioredis' {
  interface RedisCommander<Context> {
    brokerCount (key: string, max: number, window: number, id: string, hold: 0 | 1): Result<CountReply, Context>
    brokerSettle (key: string, id: string, givenBack: 0 | 1): Result<null, Context>
    brokerClear (key: string): Result<null, Context>
  }
}

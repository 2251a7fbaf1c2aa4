import { warning } from '../lib/diagnostic.js'
import { parseRedisUrl, type RedisUrlError } from '../limits/redis/target.js'
import { conflict, invalid, type Rule } from './rule.js'

/** Rules for the settings of Redis that no schema can express. */
export const redisRules: Rule[] = [
  ({ REDIS_URL: url }) => {
    try {
      if (url !== undefined) parseRedisUrl(url)
      return []
    } catch (error) {
      return [invalid('REDIS_URL', (error as RedisUrlError).message)]
    }
  },

  settings => {
    const files = (['REDIS_CA_FILE', 'REDIS_CERT_FILE', 'REDIS_KEY_FILE'] as const).filter(name => settings[name] !== undefined)
    return files.length > 0 && !/^rediss/.test(settings.REDIS_URL ?? '')
      ? [conflict(files[0]!, `${files.slice(1).map(name => `and ${name} `).join('')}${files.length > 1 ? 'need' : 'needs'} TLS to Redis: let REDIS_URL begin with rediss`)]
      : []
  }
]

/** Warns of credentials of a cluster's node that are not used. */
export const unusedCredentials: Rule = ({ REDIS_URL: url }) => {
  const entries = url === undefined ? [] : unusedIn(url)
  return entries.map(entry => warning('REDIS_URL', 'no-effect', `REDIS_URL: entry ${entry} has a user or password of its own, which is not used; those of the first entry are for all nodes`))
}

/** Entries, counted from 1. An invalid URL is a mistake already. */
function unusedIn (url: string): number[] {
  try {
    const target = parseRedisUrl(url)
    return target.kind === 'cluster' ? target.unusedCredentials : []
  } catch {
    return []
  }
}

import { problem } from '../../problems.js'
import type { OpenStore } from './open-store.js'

/** Where callers have bearer tokens alone: nobody has a password, so no hash is computed and no wrong password is counted. */
export const noStore: OpenStore = {
  cacheMs: 0,
  ready: true,
  sessions: undefined,
  signIn: refuse,
  verify: refuse,
  isCurrent: refuse,
  reload: nothing,
  close: nothing
}

function refuse (): never {
  throw problem('credentials-wrong')
}

async function nothing (): Promise<void> {}

import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Refusal } from './api.js'
import { now } from './now.js'
import { endSession } from './open-session.js'
import type { Session } from './session.js'

/** Why nobody is signed in, and who was. */
export interface SignedOut {
  reason?: string
  /** To be filled in. Who signs out is forgotten. */
  name?: string | null
}

const RELOADED = 'A reload signs you out: nothing is stored that could be stolen.'
const EXPIRED = 'Your session has come to its end. Sign in again.'
const SIGNED_OUT = 'You are signed out.'
const UNANSWERED = 'You are signed out here. The broker did not answer, so it lets the session run out; the key to it is gone with this page.'

/** Who is signed in to the page. */
export function useSession () {
  const [state, setState] = useState<{ session?: Session, out: SignedOut }>(() => ({ out: wasReloaded() ? { reason: RELOADED } : {} }))
  const { session } = state

  const start = useCallback((opened: Session): void => {
    const onEnded = (refusal: Refusal) => end(session, { reason: reasonOf(session, refusal), name: session.credentials.name })
    const session = { ...opened, credentials: { ...opened.credentials, onEnded } }
    setState({ session, out: {} })
  }, [])

  /** Only this session: a late answer must not sign out the next user. */
  function end (ending: Session, out: SignedOut): void {
    setState(state => state.session === ending ? { out } : state)
  }

  async function signOut (): Promise<void> {
    setState({ out: { reason: SIGNED_OUT } })
    if (!await endSession(session!.credentials)) setState(state => state.session === undefined ? { out: { reason: UNANSWERED } } : state)
  }

  useEffect(() => {
    if (session?.end === undefined) return
    const { due } = session.end
    // A timer for the whole time would stand still while the machine sleeps.
    const timer = setInterval(() => { if (now() >= due) end(session, { reason: EXPIRED, name: session.credentials.name }) }, 1000)
    return () => clearInterval(timer)
  }, [session])

  return { ...state, start, signOut }
}

const reasons: Record<string, string> = {
  'session-ended': 'The broker has ended your session: your account, your password or the broker’s secret has changed. Sign in again.',
  'proof-wrong': 'The broker no longer takes this page’s proofs. Sign in again.',
  'bearer-expired': 'Your bearer token has expired. Paste a new one.'
}

function reasonOf ({ end }: Session, { code, detail }: Refusal): string {
  return end !== undefined && now() >= end.due ? EXPIRED : reasons[code] ?? detail
}

function wasReloaded (): boolean {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return navigation?.type === 'reload'
}

import { useEffect, useState } from 'preact/hooks'
import { ask, type Credentials, type Refusal } from './api.js'
import { now } from './now.js'
import { askAfter, withAnswer, type Nodes, type OperatorData } from './operator-data.js'

const INTERVAL_MS = 3000

interface State {
  nodes: Nodes
  /** Why there is no newer answer. */
  refusal?: Refusal | undefined
  /** When the page asks again, by the clock of `now.ts`. Undefined where it will not. */
  asksAgainAt?: number | undefined
}

/** Polls the operator data. Stops after refused credentials, because further tries would count as wrong passwords. */
export function useOperatorData (credentials: Credentials): State {
  const [state, setState] = useState<State>({ nodes: new Map() })
  useEffect(() => {
    let ended = false
    let timer: ReturnType<typeof setTimeout>
    let nodes: Nodes = new Map()
    async function poll (): Promise<void> {
      // A hidden page must not use up its address's limit.
      if (document.hidden) return later()
      const { answer, refusal } = await ask<OperatorData>(`operator.json?after=${askAfter(nodes)}`, credentials)
      if (ended) return
      if (answer !== undefined) nodes = withAnswer(nodes, answer, now())
      const goesOn = refusal === undefined || ![401, 403].includes(refusal.status)
      const wait = Math.max(INTERVAL_MS, (refusal?.retryAfter ?? 0) * 1000)
      setState({ nodes, refusal, asksAgainAt: goesOn ? now() + wait : undefined })
      if (goesOn) later(wait)
    }
    function later (wait = INTERVAL_MS): void {
      timer = setTimeout(poll, wait)
    }
    poll().catch(() => {})
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }, [credentials])
  return state
}

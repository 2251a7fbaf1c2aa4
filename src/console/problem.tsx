import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { clock } from '../diagnose/token/words.js'
import type { Refusal } from './api.js'
import { now } from './now.js'
import { useNow } from './use-now.js'

interface ProblemProps {
  refusal: Refusal
  /** Whether it comes into view: where it answers a button above it. */
  inView?: boolean
}

/** What the broker says, in its own words. */
export function Problem ({ refusal, inView = false }: ProblemProps) {
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => { if (inView) place.current!.scrollIntoView({ block: 'nearest' }) }, [refusal])
  const { code, detail, errors, requestId } = refusal
  // Where there is one alone, the sentence often says it already.
  const more = errors.filter(({ message }) => !detail.includes(message))
  return (
    <div ref={place} class='problem' role='alert'>
      <p>{detail}</p>
      {more.length > 0 && (
        <ul>
          {more.map(({ path, message }) => <li key={path}>{path !== '' && <code>{path.slice(1)}</code>} {message}</li>)}
        </ul>
      )}
      {refusal.retryAfter !== undefined && <Countdown refusal={refusal} seconds={refusal.retryAfter} />}
      <p class='ids'><code>{code}</code>{requestId !== undefined && <> · request <code>{requestId}</code></>}</p>
    </div>
  )
}

/** Not read out each second. */
function Countdown ({ refusal, seconds }: { refusal: Refusal, seconds: number }) {
  const end = useMemo(() => now() + seconds * 1000, [refusal])
  const left = Math.max(0, Math.ceil((end - useNow()) / 1000))
  return <p aria-live='off'>{left === 0 ? 'Try again now.' : <>Try again in <span class='number'>{left < 60 ? `${left} s` : clock(left)}</span>.</>}</p>
}

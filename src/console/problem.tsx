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
      <p><Detail refusal={refusal} /></p>
      {more.length > 0 && (
        <ul>
          {more.map(({ path, message }) => <li key={path}>{path !== '' && <code>{path.slice(1)}</code>} {message}</li>)}
        </ul>
      )}
      <p class='ids'><code>{code}</code>{requestId !== undefined && <> · request <code>{requestId}</code></>}</p>
    </div>
  )
}

/** Where the broker said when to try again, that time counts down in its sentence: two times would soon differ. */
function Detail ({ refusal: { detail, retryAfter }, refusal }: { refusal: Refusal }) {
  if (retryAfter === undefined) return <>{detail}</>
  const [before = '', after = '.'] = detail.split(/ ?Try again in [\w ]+/)
  return <>{before} <Countdown key={refusal} seconds={retryAfter} />{after}</>
}

/** Not read out each second. */
function Countdown ({ seconds }: { seconds: number }) {
  const end = useMemo(() => now() + seconds * 1000, [])
  const left = Math.max(0, Math.ceil((end - useNow()) / 1000))
  return <span aria-live='off'>{left === 0 ? 'Try again now' : <>Try again in <span class='number'>{left < 60 ? `${left} s` : clock(left)}</span></>}</span>
}

import { about, grantsOf } from '../diagnose/token/about.js'
import { shown } from '../diagnose/token/json.js'
import { readToken, type Token } from '../diagnose/token/read-token.js'
import { clock, grantsInWords } from '../diagnose/token/words.js'
import { Copy } from './copy.js'
import { localTime } from './local-time.js'
import { Next } from './next.js'
import { Parts, Rows } from './parts.js'
import type { Given } from './snippets.js'
import { useNow } from './use-now.js'
import { useShownBelow } from './use-shown-below.js'

/** The broker's answer. */
export interface Answer {
  token: string
  identity: string
  /** Seconds. */
  expiresIn: number
}

interface TokenCardProps {
  given: Given
  answer: Answer
  /** When it was asked for, by the clock of `now.ts`. */
  at: number
  /** Whether the form asks for something else by now. */
  isOld: boolean
  busy: boolean
  onRenew (): void
}

/** Seconds before the end from which on the countdown warns. */
const SOON = 60

/** Surrounds values of the token in a sentence. Displayed values never contain it. */
const MARK = '\u0001'

/** Shows the content of a token and how long it lives. */
export function TokenCard ({ given, answer: { token: text, identity, expiresIn }, at, isOld, busy, onRenew }: TokenCardProps) {
  const token = readToken(text)
  // The clock ticks once a second, so its last tick may be older than the answer.
  const age = Math.max(0, useNow() - at)
  const left = Math.max(0, expiresIn - Math.floor(age / 1000))
  const state = left === 0 ? 'over' : left <= SOON ? 'soon' : ''
  const card = useShownBelow<HTMLElement>()
  return (
    <article ref={card} class={`card token ${state} ${isOld ? 'old' : ''}`}>
      <h2 class='sr'>Your token</h2>
      {isOld && <p class='notice warn' role='status'>The form has changed. This is still the token for what it said before.</p>}
      <div class='life'>
        {left > 0
          ? <p><span class='timer' role='timer' aria-label='The token ends in'>{clock(left)}</span> <span class='fine'>left</span></p>
          : <p class='timer'>The token has ended.</p>}
        {state !== '' && <button type='button' class={left > 0 ? 'quiet' : undefined} disabled={busy} onClick={onRenew}>Get a new one</button>}
      </div>
      <p class='sr' role='status'>{state === 'soon' && 'The token ends within a minute.'}{state === 'over' && 'The token has ended.'}</p>
      <progress value={left} max={expiresIn} aria-label='Life that is left' />
      {left > 0 && <Grants token={token} identity={identity} />}
      {left > 0 && <Copy title='Token' text={text} />}
      <Next given={given} room={roomOf(token)} />
      <h3>What is in it</h3>
      <Rows rows={about(token, Infinity, localTime).filter(([name]) => name !== 'grants')} />
      <Parts token={token} />
    </article>
  )
}

function roomOf (token: Token): string | undefined {
  const video = grantsOf(token).video as { room?: unknown } | undefined
  return typeof video?.room === 'string' ? video.room : undefined
}

function Grants ({ token, identity }: { token: Token, identity: string }) {
  const sentences = grantsInWords(grantsOf(token), value => MARK + shown(value) + MARK)
    .map(sentence => sentence.split(MARK).map((part, i) => i % 2 === 1 ? <em key={i}>{part}</em> : part))
  const whose = <>With this token, <em>{identity}</em></>
  return (
    <div class='grants'>
      <p>{whose}{sentences.length === 1 ? <> {sentences[0]}</> : ':'}</p>
      {sentences.length > 1 && <ul>{sentences.map((sentence, i) => <li key={i}>{sentence}</li>)}</ul>}
    </div>
  )
}

import { about, grantsOf } from '../diagnose/token/about.js'
import { shown } from '../diagnose/token/json.js'
import { readToken } from '../diagnose/token/read-token.js'
import { clock, grantsInWords } from '../diagnose/token/words.js'
import { Copy } from './copy.js'
import { Parts, Rows } from './parts.js'
import { curl, snippet, type Given } from './snippets.js'
import { useNow } from './use-now.js'

/** The broker's answer. */
export interface Answer {
  token: string
  identity: string
  /** Seconds. */
  expiresIn: number
}

/** Surrounds values of the token in a sentence. Displayed values never contain it. */
const MARK = '\u0001'

/** Shows the content of a token and how long it lives. */
export function TokenCard ({ given, answer: { token: text, identity, expiresIn }, at }: { given: Given, answer: Answer, at: number }) {
  const token = readToken(text)
  const left = Math.max(0, expiresIn - Math.floor((useNow() - at) / 1000))
  return (
    <article class='card token'>
      <h2 class='sr'>Your token</h2>
      {left > 0
        ? <p class='timer' role='timer' aria-label='The token ends in'>{clock(left)}</p>
        : <p class='timer over'>The token has ended. Get a new one.</p>}
      <progress value={left} max={expiresIn} aria-label='Life that is left' />
      <ul class='grants'>
        {grantsInWords(grantsOf(token), value => MARK + shown(value) + MARK).map(sentence => (
          <li key={sentence}>{sentence.split(MARK).map((part, i) => i % 2 === 1 ? <em key={i}>{part}</em> : part)} as <em>{identity}</em>{left > 0 && <> for <em>{clock(left)}</em></>}</li>
        ))}
      </ul>
      <Rows rows={about(token, Infinity).filter(([name]) => name !== 'grants')} />
      <Parts token={token} />
      <Copy title='Token' text={text} />
      <Copy title='curl' text={curl(given)} />
      <Copy title='Code for your page' text={snippet(given)} />
    </article>
  )
}

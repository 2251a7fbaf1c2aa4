import { Fragment } from 'preact'
import { useState } from 'preact/hooks'
import { about } from '../diagnose/token/about.js'
import { codes, codesIn } from '../diagnose/token/codes.js'
import { findings, verdictOf, type Finding } from '../diagnose/token/findings.js'
import { readToken } from '../diagnose/token/read-token.js'
import { capitalised } from './code-search.js'
import { localTime } from './local-time.js'
import { takeHandedOver } from './hand-over.js'
import { Parts, Rows } from './parts.js'
import { TwilioPage } from './twilio-page.js'
import { useNow } from './use-now.js'
import { useShownBelow } from './use-shown-below.js'

/** What is wrong with a token. All of it happens here: a token is as good as a password while it lives. */
export function Explain () {
  const [text, setText] = useState(takeHandedOver)
  return (
    <div class='columns'>
      <div class='card'>
        <label for='token'>Token</label>
        <textarea id='token' rows={7} spellcheck={false} autocomplete='off' value={text} onInput={event => setText(event.currentTarget.value)} placeholder='eyJ…' aria-describedby='token-hint' />
        <p class='hint' id='token-hint'>Or whatever the SDK was given in its place.</p>
        <p class='hint'>A code and no token? See <a href='#/codes'>what each code means</a>.</p>
      </div>
      <div>
        {text.trim() === '' ? <p class='card empty'>The answer appears here as you paste.</p> : <Verdict text={text} />}
      </div>
    </div>
  )
}

function Verdict ({ text }: { text: string }) {
  // A token that is good when it is pasted ends while one reads.
  useNow()
  const card = useShownBelow<HTMLElement>()
  const token = readToken(text)
  const now = Math.floor(Date.now() / 1000)
  const found = findings(token, { signature: 'unchecked', configured: {}, now })
  const refused = found.some(({ refused }) => refused)
  const rows = about(token, now, localTime)
  const named = token.header === undefined ? codesIn(text) : []
  if (named.some(([, known]) => known !== undefined)) return <article ref={card} class='card'><Message named={named} /></article>
  return (
    <article ref={card} class='card'>
      <div role='status'><h2 class={refused ? 'bad' : 'good'}>{verdictOf(found) ?? 'No reason found for Twilio to refuse it'}</h2></div>
      {found.length > 0 && <ul class='findings'>{byCode(found).map(([code, ofCode]) => <Code key={code} code={code} found={ofCode} />)}</ul>}
      {!refused && (
        <p>
          The signature was not checked: that needs your key’s secret, which no page should have.{' '}
          <code>npx twilio-token-broker inspect</code> checks it.
          Only Twilio knows whether the key still exists and may sign tokens: <code>npx twilio-token-broker check --online</code> asks.
        </p>
      )}
      {rows.length > 0 && <h3>What the token says</h3>}
      {rows.length > 0 && <Rows rows={rows} />}
      {rows.length > 0 && <Parts token={token} />}
    </article>
  )
}

/** The codes that an error message names, with what they mean. */
function Message ({ named }: { named: ReturnType<typeof codesIn> }) {
  return (
    <>
      <div role='status'><h2>This is an error message and no token</h2></div>
      <p>It names {named.length === 1 ? 'a code' : `${named.length} codes`}:</p>
      <ul class='findings'>
        {named.map(([code, known]) => (
          <li key={code}>
            {known === undefined
              ? <p><code>{code}</code> is not explained here. <TwilioPage code={code} /></p>
              : <p class='finding-code'><a href={`#/codes/${code}`}><code>{code}</code> {capitalised(known.title)}</a></p>}
          </li>
        ))}
      </ul>
      <p>To find out which cause it is, paste the token that the SDK was given.</p>
    </>
  )
}

/** Those by which Twilio refuses the token first. */
function byCode (found: Finding[]): Array<[code: number, found: Finding[]]> {
  const sorted = [...found].sort((one, other) => Number(other.refused) - Number(one.refused))
  return [...new Set(sorted.map(({ code }) => code))].map(code => [code, sorted.filter(finding => finding.code === code)])
}

/** What was found of one code, and what to do about it. */
function Code ({ code, found }: { code: number, found: Finding[] }) {
  const { title, voice } = codes[code]!
  return (
    <li>
      <p class='finding-code'><a href={`#/codes/${code}`}><code>{code}</code> {capitalised(title)}</a>{voice !== undefined && <span class='fine'> in Voice <a href={`#/codes/${voice}`}>{voice}</a></span>}</p>
      {found.map(({ refused, misread, says, fix }) => (
        <Fragment key={says}>
          <p><span class={refused ? 'tag bad' : 'tag'}>{misread ? 'wrong' : refused ? 'refused' : 'advice'}</span> {says}</p>
          {fix !== undefined && <p><b>What to do:</b> {fix}</p>}
        </Fragment>
      ))}
    </li>
  )
}

import { useState } from 'preact/hooks'
import { about } from '../diagnose/token/about.js'
import { codes, codesIn, inVoice } from '../diagnose/token/codes.js'
import { findings, verdictOf, type Finding } from '../diagnose/token/findings.js'
import { readToken } from '../diagnose/token/read-token.js'
import { Parts, Rows } from './parts.js'

/** What is wrong with a token, and what a code means. All of it happens here: a token is as good as a password while it lives. */
export function Explain () {
  const [text, setText] = useState('')
  const [asked, setAsked] = useState('')
  return (
    <div class='columns'>
      <div class='card'>
        <label for='token'>Token</label>
        <textarea id='token' rows={7} spellcheck={false} autocomplete='off' value={text} onInput={event => setText(event.currentTarget.value)} placeholder='eyJ…' aria-describedby='token-hint' />
        <p class='hint' id='token-hint'>Or whatever the SDK was given in its place. The signature needs your key’s secret, which no page should have: <code>npx twilio-token-broker inspect</code> checks it.</p>
        <label for='code'>Error code, or Twilio’s message</label>
        <input id='code' spellcheck={false} autocomplete='off' value={asked} onInput={event => setAsked(event.currentTarget.value)} placeholder='20101' />
      </div>
      <div>
        {text.trim() !== '' && <Verdict text={text} />}
        {asked.trim() !== '' && <Asked text={asked} />}
        {text.trim() === '' && asked.trim() === '' && <p class='card empty'>The answer stands here as you paste.</p>}
      </div>
    </div>
  )
}

function Verdict ({ text }: { text: string }) {
  const token = readToken(text)
  const now = Math.floor(Date.now() / 1000)
  const found = findings(token, { signature: 'unchecked', configured: {}, now })
  const refused = found.some(({ refused }) => refused)
  const named = [...new Set(found.filter(({ refused }) => refused).map(({ code }) => code))]
  const rows = about(token, now)
  return (
    <>
      <article class='card'>
        <div role='status'><h2 class={refused ? 'bad' : 'good'}>{verdictOf(found) ?? 'No reason found for Twilio to refuse it'}</h2></div>
        {found.length > 0 && <ul class='findings'>{found.map(finding => <Found key={finding.says} finding={finding} />)}</ul>}
        {!refused && <p>Only Twilio knows whether the key still exists and may sign tokens: <code>npx twilio-token-broker check --online</code> asks.</p>}
        {rows.length > 0 && <Rows rows={rows} />}
        {rows.length > 0 && <Parts token={token} />}
      </article>
      {named.map(code => <Code key={code} code={code} />)}
    </>
  )
}

function Found ({ finding: { code, refused, misread, says } }: { finding: Finding }) {
  const voice = codes[code]?.voice
  return (
    <li>
      <span class={refused ? 'tag bad' : 'tag'}>{misread ? 'wrong' : refused ? 'refused' : 'advice'}</span> <code>{code}</code>{voice !== undefined && <> (Voice: <code>{voice}</code>)</>} {says}
    </li>
  )
}

function Asked ({ text }: { text: string }) {
  const found = codesIn(text)
  return found.length === 0
    ? <p class='card'>A code of Twilio’s has five digits, such as 20101.</p>
    : <>{found.map(([code]) => <Code key={code} code={code} />)}</>
}

/** Cause and fix of one code. */
function Code ({ code }: { code: number }) {
  const known = codes[code]
  if (known === undefined) {
    return <p class='card'><code>{code}</code> is not explained here. Twilio’s page is https://www.twilio.com/docs/api/errors/{code}</p>
  }
  const { title, causes, look, fix } = known
  return (
    <article class='card code'>
      <h2><code>{code}</code> {title}</h2>
      <h3>Causes, the commonest first</h3>
      <ul>{causes.map(cause => <li key={cause}>{cause}</li>)}</ul>
      <h3>How to tell</h3>
      <p>{look}</p>
      <h3>What to do</h3>
      <p>{fix}</p>
      {inVoice(known).map(note => <p class='fine' key={note}>{note}</p>)}
    </article>
  )
}

import { useEffect, useRef, useState } from 'preact/hooks'
import { codes, inVoice } from '../diagnose/token/codes.js'
import { allCodes, capitalised, groupsOf, searchCodes, splitAtCodes } from './code-search.js'
import { TwilioPage } from './twilio-page.js'

/** All codes, to search, or the explanation of the one in the address. Nothing is sent. */
export function Codes ({ at }: { at: string }) {
  const [text, setText] = useState('')
  const code = /^\d{5}$/.test(at) ? Number(at) : undefined
  useFocus(code)
  return code === undefined ? <CodeList text={text} onText={setText} /> : <Explanation code={code} />
}

/** A link of the list or of an explanation is gone once it is followed: the focus goes where its reader looks next. */
function useFocus (code: number | undefined): void {
  const previous = useRef(code)
  useEffect(() => {
    if (code === previous.current) return
    document.getElementById(code === undefined ? `code-${previous.current}` : 'explanation')?.focus()
    previous.current = code
  }, [code])
}

function titleOf (code: number): string {
  const known = codes[code]
  return known === undefined ? 'is not explained here' : capitalised(known.title)
}

interface CodeListProps {
  text: string
  onText (text: string): void
}

function CodeList ({ text, onText }: CodeListProps) {
  const { known, unknown } = text.trim() === '' ? { known: allCodes, unknown: [] } : searchCodes(text.trim())
  const open = (event: Event) => {
    event.preventDefault()
    const [first] = known
    if (first !== undefined) location.hash = `#/codes/${first[0]}`
  }
  return (
    <div class='card'>
      <form class='field' role='search' onSubmit={open}>
        <label for='code'>Error code, Twilio’s message, or words</label>
        <input id='code' type='search' spellcheck={false} autocomplete='off' value={text} onInput={event => onText(event.currentTarget.value)} placeholder='20101, or signature' />
      </form>
      <p class='fine' role='status'>{known.length === 0 ? 'No code that is explained here. Try all five digits, or one word of the message.' : `${known.length} of ${allCodes.length} codes`}</p>
      {unknown.map(code => <p key={code}><code>{code}</code> is not explained here. <TwilioPage code={code} /></p>)}
      {groupsOf(known, text).map(({ name, codes }) => (
        <section key={name} aria-label={name}>
          <h2>{name}</h2>
          <ul class='code-list'>
            {codes.map(({ code, title, match }) => <li key={code}><a id={`code-${code}`} href={`#/codes/${code}`}><code>{code}</code> <span>{title}{match !== undefined && <small>{match}</small>}</span></a></li>)}
          </ul>
        </section>
      ))}
    </div>
  )
}

/** Cause and fix of one code. */
function Explanation ({ code }: { code: number }) {
  const known = codes[code]
  return (
    <>
      <p class='back'><a href='#/codes'>All codes</a></p>
      <article class='card code'>
        <h2 id='explanation' tabIndex={-1}><code>{code}</code> {titleOf(code)}</h2>
        {known && (
          <>
            <h3>Causes, the most common first</h3>
            <ul>{known.causes.map(cause => <li key={cause}><Linked text={cause} /></li>)}</ul>
            <h3>How to tell</h3>
            <p><Linked text={known.look} /></p>
            {/\binspect\b/.test(known.look) && <p class='fine'><a href='#/explain'>Explain a token</a> says the same, except that it cannot check the signature.</p>}
            <h3>What to do</h3>
            <p><Linked text={known.fix} /></p>
            {inVoice(known).map(note => <p class='fine' key={note}><Linked text={note} /></p>)}
          </>
        )}
        <p class='fine'><TwilioPage code={code} /></p>
      </article>
    </>
  )
}

/** Text in which each code leads to its explanation, and commands look like such. */
function Linked ({ text }: { text: string }) {
  return <>{splitAtCodes(text).map((part, i) => i % 2 === 1 ? <a key={i} href={`#/codes/${part}`}>{part}</a> : <Commands key={i} text={part} />)}</>
}

function Commands ({ text }: { text: string }) {
  return <>{text.split(/((?:npx twilio-token-broker )?(?:\binspect\b(?: --json)?|\bcheck --online\b))/).map((part, i) => i % 2 === 1 ? <code key={i}>{part}</code> : part)}</>
}

import { useState } from 'preact/hooks'
import { ask, type Credentials, type Result } from './api.js'
import { Copy } from './copy.js'
import { handOver } from './hand-over.js'
import { Problem } from './problem.js'
import type { Entry } from './reference.js'

interface SendItProps {
  entry: Entry
  /** The body to begin with. */
  example: object | undefined
  credentials: Credentials
}

/** Sends an operation as the signed-in caller, with a body that can be changed. */
export function SendIt ({ entry: { id, method, path, body }, example, credentials }: SendItProps) {
  const [text, setText] = useState(() => JSON.stringify(example ?? {}, null, 2))
  const [result, setResult] = useState<Result<{ token?: string }> | 'sending' | 'no JSON'>()

  async function send (event: Event): Promise<void> {
    event.preventDefault()
    const typed = body === undefined ? undefined : objectIn(text)
    if (typed === null) return setResult('no JSON')
    setResult('sending')
    setResult(await ask<{ token?: string }>(path.slice(1), credentials, typed))
  }

  return (
    <form class='send' onSubmit={send}>
      {body !== undefined && (
        <>
          <label for={`${id}-body`}>Body to send</label>
          <textarea id={`${id}-body`} rows={text.split('\n').length} spellcheck={false} autocomplete='off' value={text} onInput={event => setText(event.currentTarget.value)} />
        </>
      )}
      <div class='bar'>
        <button type='submit' disabled={result === 'sending'}>Send it<span class='sr'> to {method} {path}</span></button>
        {path.startsWith('/token') && <span class='fine'>This issues a token: it counts towards your limit, and is in the audit.</span>}
      </div>
      <div role='status'>{result === 'sending' ? 'Sending…' : typeof result === 'object' && result.answer !== undefined && <Answer answer={result.answer} />}</div>
      {result === 'no JSON' && <p class='problem' role='alert'>The body is no JSON object. It was not sent.</p>}
      {typeof result === 'object' && result.refusal !== undefined && <Problem refusal={result.refusal} inView />}
    </form>
  )
}

/** A token in it can be explained, by a link that does not hold it. */
function Answer ({ answer }: { answer: { token?: string } }) {
  const { token } = answer
  return (
    <>
      <Copy title='Answer' label='Answer' text={JSON.stringify(answer, null, 2)} />
      {token !== undefined && <p><a href='#/explain' onClick={() => handOver(token)}>Explain this token</a></p>}
    </>
  )
}

/** Null if the text is none. */
function objectIn (text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

import { useState } from 'preact/hooks'
import { Copy } from './copy.js'
import { snippetsFor } from './sdk-snippets.js'
import { curl, type Given } from './snippets.js'

/** What one does with a token: the code for each of its products, and the same request from a shell. */
export function Next ({ given, room }: { given: Given, room: string | undefined }) {
  const snippets = [...snippetsFor(given, room), { title: 'curl', code: curl(given) }]
  const [chosen, choose] = useState(0)
  const { title, code } = snippets[chosen]!
  return (
    <section class='next'>
      <div class='bar'>
        <h3>Next: use it</h3>
        <div class='tabs' role='group' aria-label='Code for'>
          {snippets.map(({ title }, i) => <button type='button' key={title} aria-pressed={i === chosen} onClick={() => choose(i)}>{title}</button>)}
        </div>
      </div>
      <Copy title={title} text={code} />
      <p class='fine'>{title === 'curl' ? <Shell given={given} /> : <Bundler given={given} isKept={/keep\(|connect\(broker/.test(code)} />}</p>
    </section>
  )
}

function Shell ({ given: { name } }: { given: Given }) {
  return name === null
    ? <>Put your bearer token into the variable <code>TOKEN</code>.</>
    : <>curl asks for the password itself, so that no command line holds it.</>
}

function Bundler ({ given: { name }, isKept }: { given: Given, isKept: boolean }) {
  return (
    <>
      For a page with a bundler, with <code>twilio-token-broker</code> and the SDK from npm, and its origin in <code>CORS_ORIGINS</code>.
      {name === null ? ' In the place of prompt, call the library of your identity provider: each request asks for its token.' : ' It asks for the password once.'}
      {isKept && ' A new token comes before the old one ends.'}
    </>
  )
}

import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Credentials } from './api.js'
import { Explain } from './explain.js'
import { GetToken } from './get-token.js'
import type { Offers } from './offers.js'
import { SignIn } from './sign-in.js'

/** Who is signed in. It goes with the page. */
export interface Session {
  credentials: Credentials
  offers: Offers
}

const views = {
  token: { title: 'Get a token', lead: 'See what the broker gives you, and what is inside.' },
  explain: { title: 'Explain a token', lead: 'Everything wrong with a token, in words. It stays in this page: nothing is sent.' },
  operator: { title: 'Operator', lead: 'The last hour of this broker.' }
}
type View = keyof typeof views

export function App () {
  const [session, setSession] = useState<Session>()
  const view = useView()
  const { title, lead } = views[view]
  useEffect(() => { document.title = `${title} · twilio-token-broker` }, [title])
  const shown = (Object.keys(views) as View[]).filter(name => name !== 'operator' || session?.offers.operator || view === 'operator')

  return (
    <>
      <header class='top'>
        <a class='brand' href='#token'>twilio-token-broker</a>
        <nav aria-label='Views'>
          {shown.map(name => <a key={name} href={`#${name}`} aria-current={name === view ? 'page' : undefined}>{views[name].title}</a>)}
          <a href='docs'>API</a>
        </nav>
        {session && (
          <div class='who'>
            <span>Signed in as <b>{session.credentials.name}</b></span>
            <button type='button' class='quiet' onClick={() => setSession(undefined)}>Sign out</button>
          </div>
        )}
      </header>
      <main id='main'>
        <h1>{title}</h1>
        <p class='lead'>{lead}</p>
        <Body view={view} session={session} onSession={setSession} />
      </main>
    </>
  )
}

function Body ({ view, session, onSession }: { view: View, session: Session | undefined, onSession (session: Session): void }) {
  if (view === 'explain') return <Explain />
  if (session === undefined) return <SignIn onSession={onSession} />
  return view === 'token' ? <GetToken session={session} /> : <Later session={session} />
}

/** The operators' view comes when it is asked for: it brings the charts, which nobody else needs. */
function Later ({ session }: { session: Session }) {
  const [Operator, setOperator] = useState<ComponentType<{ credentials: Credentials }>>()
  useEffect(() => {
    import('./operator.js').then(({ Operator }) => setOperator(() => Operator))
  }, [])
  return Operator === undefined ? <p>Loading…</p> : <Operator credentials={session.credentials} />
}

function useView (): View {
  const [view, setView] = useState(viewNow)
  useEffect(() => {
    const change = () => setView(viewNow())
    addEventListener('hashchange', change)
    return () => removeEventListener('hashchange', change)
  }, [])
  return view
}

function viewNow (): View {
  const name = location.hash.slice(1)
  return Object.hasOwn(views, name) ? name as View : 'token'
}

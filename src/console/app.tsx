import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { GetToken } from './get-token.js'
import type { Session } from './session.js'
import { SignIn } from './sign-in.js'
import { useSession } from './use-session.js'

const views = {
  token: { title: 'Get a token', lead: 'A token lets a web page use Twilio under your name, for a limited time.' },
  explain: { title: 'Explain a token', lead: 'Everything wrong with a token, in words. It stays in this page: nothing is sent.' },
  codes: { title: 'Error codes', lead: 'What Twilio’s codes say about a token, and what to do. Nothing is sent.' },
  operator: { title: 'Operator', lead: 'What this broker does, and did in the last 24 hours.' },
  docs: { title: 'API reference', lead: 'What this broker takes and answers, with the products that are enabled.' }
}
type View = keyof typeof views

export function App () {
  const { session, out, start, signOut } = useSession()
  const place = usePlace()
  const { view } = place
  const { title, lead } = views[view]
  // A code that is explained is a page of its own.
  const page = view === 'codes' && /^\d{5}$/.test(place.at) ? `${place.at} · ${title}` : title
  const body = bodyOf(place, session)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => { document.title = `${body === undefined ? 'Sign in' : page} · twilio-token-broker` })
  // The form that had the focus is gone.
  useEffect(() => { if (session !== undefined) heading.current!.focus() }, [session])
  const shown = (Object.keys(views) as View[]).filter(name => name !== 'operator' || session?.offers.operator || view === 'operator')

  return (
    <>
      <header class='top'>
        <a class='brand' href='#/token'>twilio-token-broker</a>
        <nav aria-label='Views'>
          {shown.map(name => <a key={name} href={`#/${name}`} aria-current={name === view && body !== undefined ? 'page' : undefined}>{views[name].title}</a>)}
        </nav>
        {session && <Who session={session} onSignOut={signOut} />}
      </header>
      {body === undefined
        ? <main id='main' class='middle'><SignIn out={out} onSession={start} /></main>
        : (
          <main id='main'>
            <h1 ref={heading} tabIndex={-1}>{title}</h1>
            <p class='lead'>{lead}</p>
            {session?.without && <p class='notice warn' role='note'>{session.without}</p>}
            {body}
          </main>
          )}
    </>
  )
}

/** In the reader's time zone; with the day where it is another one. */
function momentInWords (moment: Date): string {
  const today = moment.toDateString() === new Date().toDateString()
  return moment.toLocaleString(undefined, { hour: '2-digit', minute: '2-digit', ...(!today && { weekday: 'short' }) })
}

function Who ({ session: { credentials: { name }, end }, onSignOut }: { session: Session, onSignOut: () => void }) {
  return (
    <div class='who'>
      <span>Signed in {name === null ? 'with a bearer token' : <>as <b>{name}</b></>}{end && <> until <time dateTime={end.at}>{momentInWords(new Date(end.at))}</time></>}</span>
      <button type='button' class='quiet' onClick={onSignOut}>Sign out</button>
    </div>
  )
}

/** Returns undefined where the user has to sign in first. */
function bodyOf ({ view, at }: Place, session: Session | undefined) {
  if (view === 'explain' || view === 'codes') return <Later key={view} load={later[view]} props={{ at }} />
  if (session === undefined) return undefined
  return view === 'token' ? <GetToken session={session} /> : <Later key={view} load={later[view]} props={{ session, at }} />
}

/** Views that are loaded on demand: most visits need none. */
const later = {
  explain: async (): Promise<ComponentType<{ at: string }>> => (await import('./explain.js')).Explain,
  codes: async () => (await import('./codes.js')).Codes,
  operator: async () => (await import('./operator.js')).Operator,
  docs: async () => (await import('./docs.js')).Docs
}

function Later<Props extends object> ({ load, props }: { load: () => Promise<ComponentType<Props>>, props: Props }) {
  const [View, setView] = useState<ComponentType<Props>>(() => Loading)
  useEffect(() => { load().then(View => setView(() => View), () => setView(() => Outdated)) }, [])
  return <View {...props} />
}

function Loading () {
  return <p>Loading…</p>
}

/** Shown if a part cannot be loaded, for example because the broker was updated. */
function Outdated () {
  return <p class='problem' role='alert'>This part of the page could not be loaded: the broker is down, or newer than the page. Reload the page.</p>
}

interface Place {
  view: View
  /** Where in the view. */
  at: string
}

/** Reads the view from the address: `#/explain`, `#/codes/20101`, `docs`, and as in older links `#docs/get-healthz`. */
function usePlace (): Place {
  const [place, setPlace] = useState(placeNow)
  useEffect(() => {
    const change = () => setPlace(placeNow())
    addEventListener('hashchange', change)
    return () => removeEventListener('hashchange', change)
  }, [])
  return place
}

function placeNow (): Place {
  const [name = '', at = ''] = location.hash.replace(/^#\/?/, '').split('/')
  const view = Object.hasOwn(views, name) ? name as View : location.pathname.endsWith('/docs') ? 'docs' : 'token'
  return { view, at }
}

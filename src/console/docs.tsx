import { useEffect, useState } from 'preact/hooks'
import { Operation } from './operation.js'
import { Properties } from './properties.js'
import { routeAt, routesOf, type Route } from './reference.js'
import type { Session } from './session.js'
import { Tabs } from './tabs.js'

/**
 * The reference of the API, made from the broker's own OpenAPI document. Swagger UI, Redoc, RapiDoc, OpenAPI Explorer and Scalar were tried
 * in its place: all need inline styles, or HTML from strings, which this page's CSP forbids, and are 200 kB to 1 MB compressed.
 */
export function Docs ({ session, at }: { session: Session, at: string }) {
  const { description, offers } = session
  const routes = routesOf(description, offers.products.map(({ name }) => name))
  const schemas = Object.entries(description.components.schemas)
  useEffect(() => {
    const card = document.getElementById(routeAt(routes, at)?.route.id ?? at)
    card?.scrollIntoView()
    card?.querySelector('h2')?.focus({ preventScroll: true })
  }, [at])
  return (
    <div class='columns docs'>
      <nav aria-label='Operations' class='card'>
        <ul>
          {routes.map(({ id, path, tabs: [first] }) => (
            <li key={id}><a href={`#/docs/${id}`}><code>{path}</code> <span class='method'>{first!.entries.map(({ method }) => method).join(' ')}</span></a></li>
          ))}
          {schemas.map(([name]) => <li key={name}><a href={`#/docs/${name}`}>{name} <span class='method'>schema</span></a></li>)}
        </ul>
      </nav>
      <div>
        <p class='card'>Every request of a caller brings its name and password as HTTP Basic, or what else the broker takes: a session, a bearer token of an identity provider. Programs read this as OpenAPI 3.1 from <code>openapi.json</code>.</p>
        {routes.map(route => <RouteCard key={route.id} route={route} session={session} at={at} />)}
        {schemas.map(([name, schema]) => (
          <section class='card' key={name} id={name}>
            <h2 tabIndex={-1}>{name}</h2>
            <Properties schema={schema} optional='not always' />
          </section>
        ))}
      </div>
    </div>
  )
}

function RouteCard ({ route, session, at }: { route: Route, session: Session, at: string }) {
  const { id, path, tabs } = route
  const [chosen, setChosen] = useState(tabs[0]!.name)
  // A link to one product's operation chooses its tab.
  useEffect(() => { setChosen(chosen => routeAt([route], at)?.name ?? chosen) }, [at])
  const { entries } = tabs.find(({ name }) => name === chosen)!
  const operations = entries.map(entry => <Operation key={entry.id} entry={entry} session={session} under={path} />)
  return (
    <section class='card' id={id}>
      <h2 tabIndex={-1}><code>{path}</code></h2>
      {tabs.length === 1
        ? operations
        : <Tabs id={`${id}-tabs`} label='Product' names={tabs.map(({ name }) => name)} chosen={chosen} onChoose={setChosen}>{operations}</Tabs>}
    </section>
  )
}

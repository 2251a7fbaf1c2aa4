import { useEffect } from 'preact/hooks'
import type { Session } from './session.js'
import type { Schema } from './available-products.js'
import { entriesOf, whoInWords, type Entry } from './reference.js'
import { boundsInWords, typeInWords } from './schema-text.js'
import { curl } from './snippets.js'

/** The reference of the API, made from the broker's own OpenAPI document. */
export function Docs ({ session: { credentials, description }, at }: { session: Session, at: string }) {
  const entries = entriesOf(description)
  useEffect(() => { document.getElementById(at)?.scrollIntoView() }, [at])
  return (
    <div class='columns docs'>
      <nav aria-label='Operations' class='card'>
        <ul>
          {entries.map(({ id, method, path }) => <li key={id}><a href={`#docs/${id}`}><span class='method'>{method}</span> {path}</a></li>)}
          {Object.keys(description.components.schemas).map(name => <li key={name}><a href={`#docs/${name}`}>{name}</a></li>)}
        </ul>
      </nav>
      <div>
        <p class='card'>Every request of a caller brings its name and password as HTTP Basic, or what else the broker takes: a session, a bearer token of an identity provider. Programs read this as OpenAPI 3.1 from <code>openapi.json</code>.</p>
        {entries.map(entry => <Operation key={entry.id} entry={entry} name={credentials.name} />)}
        {Object.entries(description.components.schemas).map(([name, schema]) => (
          <section class='card' key={name} id={name}>
            <h2>{name}</h2>
            <Properties of={name} schema={schema} />
          </section>
        ))}
      </div>
    </div>
  )
}

function Operation ({ entry: { id, method, path, operation, body, answers }, name }: { entry: Entry, name: string | null }) {
  const base = new URL('.', location.href).href.slice(0, -1)
  return (
    <section class='card' id={id}>
      <h2><span class='method'>{method}</span> <code>{path}</code></h2>
      <p>{operation.summary}; {whoInWords(operation)}</p>
      <pre tabIndex={0}>{curl({ base, path, body: {}, name: operation.security?.length === 0 ? undefined : name, method: method === 'POST' ? method : undefined })}</pre>
      {operation.parameters?.map(({ name, schema }) => <Properties key={name} of={`query of ${method} ${path}`} schema={{ properties: { [name]: schema } }} />)}
      {body && <Properties of={`body of ${method} ${path}`} schema={body} />}
      <details>
        <summary>Answers<span class='sr'> of {method} {path}</span></summary>
        <dl class='rows answers'>
          {answers.map(({ status, description, schema }) => (
            <div key={status}>
              <dt>{status}</dt>
              {description.split('\n').map(line => <dd key={line}>{line}</dd>)}
              {schema && <dd class='fine'>{typeInWords(schema)}</dd>}
            </div>
          ))}
        </dl>
      </details>
    </section>
  )
}

function Properties ({ of, schema: { properties = {}, required = [] } }: { of: string, schema: Schema }) {
  return (
    <div class='scroll' tabIndex={0} role='region' aria-label={`Properties: ${of}`}>
      <table>
        <thead><tr><th scope='col'>property</th><th scope='col'>is</th><th scope='col'>means</th></tr></thead>
        <tbody>
          {Object.entries(properties).map(([name, schema]) => (
            <tr key={name}>
              <th scope='row'><code>{name}</code>{required.includes(name) && ' (always)'}</th>
              <td>{[typeInWords(schema), boundsInWords(schema)].filter(part => part !== undefined).join(', ')}</td>
              <td>{schema.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

import type { Description, Schema } from './available-products.js'
import { Copy } from './copy.js'
import { exampleFor, ownAnswer } from './example-body.js'
import { obstacleOf, ownBody, ownFields } from './own-schema.js'
import { Properties } from './properties.js'
import { isSendable, needsProof, whoInWords, type Entry } from './reference.js'
import { nameOf } from './schema-text.js'
import { SendIt } from './send-it.js'
import type { Session } from './session.js'
import { curl } from './snippets.js'

interface OperationProps {
  entry: Entry
  session: Session
  /** The path that stands above it. */
  under: string
}

/** What one operation takes and answers. */
export function Operation ({ entry, session, under }: OperationProps) {
  const { id, method, path, operation, body, answers, refusals } = entry
  const { credentials: { name }, description, offers } = session
  const example = exampleFor(entry, offers)
  const obstacle = obstacleOf(entry, ownFields(entry, offers))
  const base = new URL('.', location.href).href.slice(0, -1)
  const line = curl({
    base,
    path,
    body: example ?? {},
    name: operation.security?.length === 0 ? undefined : name,
    // curl sends a body by POST.
    method: method === 'GET' || Object.keys(example ?? {}).length > 0 ? undefined : method
  })
  return (
    <section class='operation' id={id} aria-label={`${method} ${path}`}>
      <div>
        <h3><span class='method'>{method}</span> {path === under ? operation.summary : <code>{path}</code>}</h3>
        <p>{path !== under && `${operation.summary}. `}{obstacle === undefined ? whoInWords(operation) : `This always fails for you: ${obstacle}.`}</p>
        {body && <h4>Body</h4>}
        {body && <Properties schema={ownBody(entry, body.schema, offers)} required='required' />}
        {operation.parameters && <h4>Query</h4>}
        {operation.parameters?.map(({ name, schema }) => <Properties key={name} schema={{ properties: { [name]: schema } }} />)}
        {answers.map(({ status, description: says, content }) => (
          <Answer key={status} status={status} says={says} schema={resolved(content?.schema, description)} />
        ))}
        {refusals.length > 0 && <Refusals entry={entry} />}
      </div>
      <div>
        {obstacle !== undefined ? null : needsProof(entry) ? <p>It takes a proof (DPoP, RFC 9449) by a key of the page. The client <code>twilio-token-broker/client</code> makes it.</p> : <Copy title='curl' text={line} />}
        {obstacle === undefined && isSendable(entry) && <SendIt entry={entry} example={example} credentials={session.credentials} />}
        {answers.map(({ status, content }) => (
          content?.example !== undefined &&
            <ExampleAnswer key={status} status={status} example={ownAnswer(content.example, example, offers.bounds)} />
        ))}
      </div>
    </section>
  )
}

/** The schema, or what it refers to. */
function resolved (schema: Schema = {}, { components }: Description): Schema {
  return schema.$ref === undefined ? schema : components.schemas[nameOf(schema.$ref)]!
}

function Answer ({ status, says, schema }: { status: string, says: string, schema: Schema }) {
  return (
    <>
      <h4>Answer <span class='tag good'>{status}</span></h4>
      {says !== 'Done.' && <p>{says}</p>}
      {Object.keys(schema.properties ?? {}).length > 0 && (
        <details>
          <summary>Its properties</summary>
          <Properties schema={schema} optional='not always' />
        </details>
      )}
    </>
  )
}

function ExampleAnswer ({ status, example }: { status: string, example: unknown }) {
  return (
    <div class='example'>
      <h4>Example of the answer {status}</h4>
      <pre tabIndex={0} aria-label={`Example of the answer ${status}`}>{JSON.stringify(example, null, 2)}</pre>
    </div>
  )
}

function Refusals ({ entry: { method, path, refusals } }: { entry: Entry }) {
  return (
    <details>
      <summary>{refusals.length} refusals<span class='sr'> of {method} {path}</span></summary>
      <dl class='properties'>
        {refusals.map(({ status, code, says }) => <div key={code}><dt><span class='tag bad'>{status}</span> <code>{code}</code></dt><dd>{says}</dd></div>)}
      </dl>
      <p class='fine'>Each comes as a <a href='#/docs/Problem'>Problem</a>.</p>
    </details>
  )
}

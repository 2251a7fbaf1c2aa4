import { useState } from 'preact/hooks'
import { matching, type Event, type Filter } from './operator-data.js'

/** The last lines of the audit. */
export function Events ({ events }: { events: Event[] }) {
  const [filter, setFilter] = useState<Filter>({ event: '', product: '', text: '' })
  const change = (part: Partial<Filter>) => setFilter({ ...filter, ...part })
  const products = [...new Set(events.flatMap(({ products }) => products ?? []))].sort()
  const shown = matching(events, filter)
  return (
    <section class='card'>
      <h2>Audit</h2>
      <div class='filters'>
        <label>Event
          <select value={filter.event} onInput={event => change({ event: event.currentTarget.value as Filter['event'] })}>
            <option value=''>all</option>
            <option value='token.issued'>issued</option>
            <option value='token.refused'>refused</option>
            <option value='session.opened'>signed in</option>
            <option value='session.ended'>signed out</option>
          </select>
        </label>
        <label>Product
          <select value={filter.product} onInput={event => change({ product: event.currentTarget.value })}>
            <option value=''>all</option>
            {products.map(name => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <label>Caller, identity, address or code
          <input type='search' value={filter.text} onInput={event => change({ text: event.currentTarget.value })} />
        </label>
      </div>
      <p class='fine' role='status'>{shown.length} of the last {events.length}</p>
      <div class='scroll' tabIndex={0} role='region' aria-label='Audit events'>
        <table>
          <thead>
            <tr>{['Time', 'Event', 'Caller', 'Products', 'Grants or code', 'Address'].map(title => <th key={title} scope='col'>{title}</th>)}</tr>
          </thead>
          <tbody>
            {shown.map(event => <Line key={event.n} event={event} />)}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const tags = { 'token.issued': 'issued', 'token.refused': 'refused', 'session.opened': 'signed in', 'session.ended': 'signed out' }

function Line ({ event: { time, event, caller = '', identity, products = [], code, grants, wouldRefuse, ip, sessionId } }: { event: Event }) {
  const refused = event === 'token.refused'
  return (
    <tr>
      <td><time dateTime={time} title={time}>{new Date(time).toTimeString().slice(0, 8)}</time></td>
      <td><span class={refused ? 'tag bad' : 'tag good'}>{tags[event]}</span></td>
      <td title={caller}>{caller.startsWith('hmac:') ? `${caller.slice(0, 13)}…` : caller}{identity !== undefined && identity !== caller && ` as ${identity}`}</td>
      <td>{products.join(', ')}</td>
      <td><code>{code ?? (grants === undefined ? `session ${sessionId}` : JSON.stringify(grants))}</code>{wouldRefuse !== undefined && <> the policy would refuse: {wouldRefuse}</>}</td>
      <td>{ip}</td>
    </tr>
  )
}

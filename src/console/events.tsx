import { useEffect, useRef, useState } from 'preact/hooks'
import { callerOf, eventNames, isHashed, matching, outcomeOf, timeOf, zoneOf, type Filter } from './audit-lines.js'
import { Key } from './chart.js'
import type { Event } from './operator-data.js'
import { useMedia } from './use-media.js'
import type { Line } from './plot-options.js'

interface EventsProps {
  events: Event[]
  /** Lines that wait until the audit can be written. */
  owed: number
  lineOf: (product: string) => Line
  /** The id of a request whose line is looked for; empty if none is. */
  at: string
}

/** Lines that are shown at first: at many requests a second each answer brings other ones, and all of them would take several frames. */
const FIRST = { table: 30, cards: 20 }

/** The last lines of the audit. */
export function Events ({ events, owed, lineOf, at }: EventsProps) {
  const [filter, setFilter] = useState<Filter>({ event: '', product: '', text: at })
  const change = (part: Partial<Filter>) => setFilter({ ...filter, ...part })
  const last = useRef(at)
  useEffect(() => {
    // A request's id is not looked for any more once its link was left.
    if (at !== '') setFilter({ event: '', product: '', text: at })
    else if (filter.text === last.current) change({ text: '' })
    last.current = at
  }, [at])
  const products = [...new Set(events.flatMap(({ products }) => products ?? []))].sort()
  const shown = matching(events, filter)
  const narrow = useMedia('(max-width: 60rem)')
  const [all, setAll] = useState(false)
  const List = narrow ? Cards : Table
  const listed = all ? shown : shown.slice(0, narrow ? FIRST.cards : FIRST.table)
  return (
    <section class='card audit below'>
      <h2>Audit</h2>
      <div class='filters'>
        <label>Event
          <select value={filter.event} onInput={event => change({ event: event.currentTarget.value as Filter['event'] })}>
            <option value=''>all</option>
            {Object.entries(eventNames).map(([event, name]) => <option key={event} value={event}>{name}</option>)}
          </select>
        </label>
        <label>Product
          <select value={filter.product} onInput={event => change({ product: event.currentTarget.value })}>
            <option value=''>all</option>
            {products.map(name => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <label class='search'>Caller, identity, address, code or request id
          <input type='search' value={filter.text} onInput={event => change({ text: event.currentTarget.value })} />
        </label>
      </div>
      {owed > 0 && <p class='problem' role='status'>{owed === 1 ? '1 line waits' : `${owed} lines wait`} until the audit can be written. Then this list has them, too.</p>}
      <p class='fine'>
        <span role='status'>{shown.length} of the last {events.length} lines of this node.</span>{Object.values(filter).some(value => value !== '') && <> <button type='button' class='quiet' onClick={() => setFilter(everything)}>Show all lines</button></>} Times are local, {zoneOf()}.
        {shown.some(isHashed) && ' Of a name that was not proven there is only a keyed hash, as people type passwords there: the same hash is the same name.'}
      </p>
      {shown.length === 0 && filter.text !== '' && <p>No such line here. Older ones, and those of other nodes, are in their audit logs.</p>}
      {shown.length > 0 && <List events={listed} lineOf={lineOf} at={at} />}
      {shown.length > listed.length && <button type='button' class='quiet' onClick={() => setAll(true)}>Show all {shown.length}</button>}
    </section>
  )
}

const everything: Filter = { event: '', product: '', text: '' }

type ListProps = Omit<EventsProps, 'owed'>

function Table ({ events, ...options }: ListProps) {
  return (
    <div class='scroll' tabIndex={0} role='region' aria-label='Audit events'>
      <table>
        <thead>
          <tr>{['Time', 'Event', 'Caller', 'Products', 'Grants or code', 'Address', 'Request'].map(title => <th key={title} scope='col'>{title}</th>)}</tr>
        </thead>
        <tbody>
          {events.map(event => (
            <Marked key={event.n} as='tr' event={event} at={options.at}>
              <td><Time event={event} /></td>
              <td><Tag event={event} /></td>
              <td title={event.caller}>{callerOf(event)}</td>
              <td><Products event={event} {...options} /></td>
              <td><Outcome event={event} /></td>
              <td>{event.ip}</td>
              <td><RequestId event={event} /></td>
            </Marked>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** For windows that are too narrow for a table. */
function Cards ({ events, ...options }: ListProps) {
  return (
    <ul class='lines'>
      {events.map(event => (
        <Marked key={event.n} as='li' event={event} at={options.at}>
          <div class='first'><Tag event={event} /> <Time event={event} /></div>
          <div><b>{callerOf(event)}</b></div>
          <div><Products event={event} {...options} /> <Outcome event={event} /></div>
          <div class='fine'>{event.ip} · request <RequestId event={event} /></div>
        </Marked>
      ))}
    </ul>
  )
}

interface MarkedProps {
  as: 'tr' | 'li'
  event: Event
  at: string
  children: preact.ComponentChildren
}

/** A line; the one that is looked for is marked and comes into view. */
function Marked ({ as: Tag, event: { requestId }, at, children }: MarkedProps) {
  const element = useRef<HTMLElement>(null)
  const marked = requestId === at
  useEffect(() => { if (marked) element.current!.scrollIntoView({ block: 'center' }) }, [marked])
  return <Tag ref={element as never} class={marked ? 'marked' : undefined}>{children}</Tag>
}

function Time ({ event: { time } }: { event: Event }) {
  return <time dateTime={time} title={time}>{timeOf(time)}</time>
}

function Tag ({ event: { event } }: { event: Event }) {
  return <span class={event === 'token.refused' ? 'tag bad' : 'tag good'}>{eventNames[event]}</span>
}

function Products ({ event: { products = [] }, lineOf }: { event: Event, lineOf: EventsProps['lineOf'] }) {
  return <>{products.map(name => <span key={name} class='product'><Key line={lineOf(name)} />{name}</span>)}</>
}

function Outcome ({ event }: { event: Event }) {
  const sentences = outcomeOf(event)
  return event.code === undefined ? <>{sentences.join('; ')}</> : <code>{sentences[0]}</code>
}

/** Leads to the line itself, so that the address can be sent to somebody. */
function RequestId ({ event: { requestId } }: { event: Event }) {
  return <a class='id' href={`#/operator/${encodeURIComponent(requestId)}`} title={requestId}>{requestId.slice(0, 8)}</a>
}

import { useEffect, useMemo, useState } from 'preact/hooks'
import { decoded, timeOf, zoneOf } from './audit-lines.js'
import { Chart } from './chart.js'
import { COLOURS, coloursOf } from './colours.js'
import { Events } from './events.js'
import { Codes, LockedNames, Reloads, Settings, Tiles, TilesExplained } from './operator-cards.js'
import { countsOf, loginTimesOf, spanOf, windows, type Nodes, type NodeState, type Span, type WindowName } from './operator-data.js'
import type { Refusal } from './api.js'
import { Problem } from './problem.js'
import type { Session } from './session.js'
import { tilesOf } from './tiles.js'
import { useNextFrame } from './use-next-frame.js'
import { useNow } from './use-now.js'
import { useOperatorData } from './use-operator-data.js'
import type { Line } from './plot-options.js'

interface OperatorProps {
  session: Session
  /** `about-` and a tile's id, or the id of a request. */
  at: string
}

/** Shows what a node of the broker does, and its state. */
export function Operator ({ session: { credentials }, at }: OperatorProps) {
  const { nodes, refusal, asksAgainAt } = useOperatorData(credentials)
  const [chosen, choose] = useState('')
  const [time, setTime] = useState<WindowName>('1 hour')
  const node = nodes.get(chosen) ?? [...nodes.values()][0]
  return (
    <>
      {refusal && <NoAnswer refusal={refusal} asksAgainAt={asksAgainAt} />}
      {!refusal && !node && <p role='status'>Loading…</p>}
      {node && (
        <>
          <div class='above'>
            <TimePicker time={time} onTime={setTime} />
            <Which nodes={nodes} node={node} onNode={choose} stale={refusal !== undefined} />
          </div>
          <State node={node} time={time} at={decoded(at)} stale={refusal !== undefined} />
        </>
      )}
    </>
  )
}

interface NoAnswerProps {
  refusal: Refusal
  /** Undefined where the page will not ask again by itself. */
  asksAgainAt: number | undefined
}

/** Why there is no newer answer. There is nothing to press, as the page asks again by itself. */
function NoAnswer ({ refusal, asksAgainAt }: NoAnswerProps) {
  const shown = useMemo(() => ({ ...refusal, retryAfter: undefined, detail: refusal.detail.replace(/ ?Try again[^.]*\.$/, '') }), [refusal])
  return (
    <>
      <Problem refusal={shown} />
      {asksAgainAt !== undefined && <AsksAgain at={asksAgainAt} />}
    </>
  )
}

function AsksAgain ({ at }: { at: number }) {
  const seconds = Math.max(0, Math.ceil((at - useNow()) / 1000))
  return <p class='again'>This page asks again {seconds === 0 ? 'now' : <>in <span class='number'>{seconds} s</span></>}.</p>
}

function TimePicker ({ time, onTime }: { time: WindowName, onTime: (time: WindowName) => void }) {
  return (
    <fieldset class='segments'>
      <legend class='sr'>Time</legend>
      {(Object.keys(windows) as WindowName[]).map(name => (
        <label key={name}><input type='radio' name='time' checked={name === time} onChange={() => onTime(name)} />{name}</label>
      ))}
    </fieldset>
  )
}

/** Says which node is shown, of what time, and what it cannot know. */
function Which (
  { nodes, node: { data, receivedAt }, onNode, stale }: { nodes: Nodes, node: NodeState, onNode: (id: string) => void, stale: boolean }
) {
  const now = useNow()
  const { host, pid, version, since, id } = data.node
  const age = Math.round((now - receivedAt) / 1000)
  return (
    <div class='which'>
      <p>
        Node <b>{host}</b>, process {pid}, version {version}, up since {timeOf(since)}. As of <time dateTime={data.at}>{timeOf(data.at)}</time> {zoneOf()}{stale && <b class='bad'>, {age} s ago</b>}.
      </p>
      {nodes.size > 1 && (
        <label>Nodes that answer here
          <select value={id} onInput={event => onNode(event.currentTarget.value)}>
            {[...nodes].map(([id, { data: { node } }]) => <option key={id} value={id}>{node.host}, process {node.pid}</option>)}
          </select>
        </label>
      )}
      <p class='fine'>These figures are of this node alone{data.settings.REDIS_URL && '; limits are shared over Redis'}. For all nodes together, collect <code>/metrics</code> of each.</p>
    </div>
  )
}

interface StateProps {
  node: NodeState
  time: WindowName
  at: string
  stale: boolean
}

function State ({ node: { data, events }, time, at, stale }: StateProps) {
  const { words } = windows[time]
  const span = useMemo(() => spanOf(data, time), [data, time])
  const lineOf = useMemo(() => linesOf(data.products), [data.products.join()])
  const tiles = tilesOf(data, span, words)
  // Not again with each answer, and not in the frame of the charts: it is by far the longest part.
  const later = useNextFrame(events)
  const owed = data.gauges.audit_owed!
  const audit = useMemo(() => <Events events={later} owed={owed} lineOf={lineOf} at={at.startsWith('about-') ? '' : at} />, [later, owed, lineOf, at])
  useEffect(() => { document.getElementById(at)?.focus() }, [at])
  return (
    <>
      <Tiles tiles={tiles} stale={stale} />
      <LockedNames data={data} />
      <Charts key={time} span={span} time={words} lineOf={lineOf} />
      <div class='columns even'>
        <Codes span={span} time={words} />
        <Reloads data={data} />
      </div>
      {audit}
      <Settings data={data} />
      <TilesExplained tiles={tiles} />
    </>
  )
}

/** How the bars of each product are drawn. */
function linesOf (products: string[]): (product: string) => Line {
  const numbers = coloursOf(products)
  return product => {
    const number = numbers.get(product)
    return number === undefined ? { colour: 'of-none', striped: false } : { colour: `product-${number % COLOURS}`, striped: number >= COLOURS }
  }
}

/** How login times are drawn: they are of no product. */
const loginLine = (name: string): Line => ({ colour: `of-${name}`, striped: false })

interface ChartsProps {
  span: Span
  /** In words. */
  time: string
  lineOf: (product: string) => Line
}

/** Charts over one time. They all point at the same slot of it. */
function Charts ({ span, time, lineOf }: ChartsProps) {
  const [index, setIndex] = useState<number>()
  const charts = useMemo(() => ({
    tokens: countsOf(span, ({ tokens }) => tokens),
    refusals: countsOf(span, ({ refusals }) => refusals),
    logins: loginTimesOf(span)
  }), [span])
  const shared = { span, time, index, onIndex: setIndex }
  const per = span.seconds === 60 ? 'a minute' : 'in 15 minutes'
  return (
    <>
      <div class='charts'>
        <Chart title={`Tokens ${per}`} rows='Product' series={charts.tokens} lineOf={lineOf} total='sum' {...shared} />
        <Chart title={`Refusals ${per}, by product`} rows='Product' series={charts.refusals} lineOf={lineOf} total='sum' {...shared} />
        <Chart title='Sign-in times in milliseconds' rows='Sign-in' series={charts.logins} lineOf={loginLine} total='most' {...shared} />
      </div>
      <p class='fine legend'>
        <svg class='key of-none' viewBox='0 0 14 14' aria-hidden='true'><rect class='hollow' x='2' y='1' width='10' height='12' /></svg>
        Hollow: the {span.seconds === 60 ? 'minute' : 'quarter of an hour'} that still runs. A token for several products counts for each of them.
        Sign-in times are of passwords that had to be checked against their hash; those of the last minutes are remembered.
        Point at a name, or give it the focus, to see it alone.
      </p>
    </>
  )
}

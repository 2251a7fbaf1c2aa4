import { useEffect, useMemo, useState } from 'preact/hooks'
import { ask, type Credentials, type Refusal } from './api.js'
import type { Session } from './session.js'
import { Chart } from './chart.js'
import { Events } from './events.js'
import { Problem } from './problem.js'
import { codesOf, lastOf, merged, seriesOf, type Event, type OperatorData } from './operator-data.js'

const INTERVAL_MS = 3000

/** Shows what the broker did in the last hour, and its state. */
export function Operator ({ session: { credentials } }: { session: Session }) {
  const { data, events, refusal } = useOperatorData(credentials)
  const charts = useMemo(() => data && {
    tokens: seriesOf(data, ({ tokens }) => tokens),
    refusals: seriesOf(data, ({ refusals }) => refusals),
    logins: seriesOf(data, ({ logins }) => ({ mean: logins.meanMs, slowest: logins.slowestMs }))
  }, [data])
  return (
    <>
      {refusal && <Problem refusal={refusal} />}
      {data && charts && (
        <>
          <State data={data} />
          <div class='charts'>
            <Chart title='Tokens a minute' unit='product' series={charts.tokens} hour='sum' />
            <Chart title='Refusals a minute' unit='product' series={charts.refusals} hour='sum' />
            <Chart title='Login times, where not remembered' unit='milliseconds' series={charts.logins} hour='most' />
          </div>
          <div class='columns even'>
            <Codes data={data} />
            <Reloads data={data} />
          </div>
          <Events events={events} />
          <Settings data={data} />
        </>
      )}
    </>
  )
}

/** Polls the operator data. Stops after refused credentials, because further tries would count as guesses. */
function useOperatorData (credentials: Credentials) {
  const [state, setState] = useState<{ data?: OperatorData, events: Event[], refusal?: Refusal | undefined }>({ events: [] })
  useEffect(() => {
    let ended = false
    let timer: ReturnType<typeof setTimeout>
    let known: Event[] = []
    async function poll (): Promise<void> {
      // A hidden page must not use up its address's limit.
      if (document.hidden) return later()
      const { answer, refusal } = await ask<OperatorData>(`operator.json?after=${lastOf(known)}`, credentials)
      if (ended) return
      if (answer === undefined) setState(state => ({ ...state, refusal }))
      else {
        known = merged(known, answer)
        setState({ data: answer, events: known })
      }
      if (refusal === undefined || ![401, 403].includes(refusal.status)) later(refusal?.retryAfter)
    }
    function later (seconds = 0): void {
      timer = setTimeout(poll, Math.max(INTERVAL_MS, seconds * 1000))
    }
    poll().catch(() => {})
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }, [credentials])
  return state
}

const parts: Array<[gauge: string, title: string, up: string, down: string]> = [
  ['store_up', 'Store of callers', 'up', 'away: nobody can sign in'],
  ['audit_up', 'Audit', 'is written', 'cannot be written: no token is given'],
  ['limits_shared', 'Limits', 'are counted', 'Redis is away']
]

function State ({ data: { readiness: { missing, degraded }, gauges, minutes, at } }: { data: OperatorData }) {
  const [, stopped = 0] = codesOf(minutes).find(([code]) => code === 'login-limited') ?? []
  const state = missing.length > 0 ? `Not ready: ${missing.join(', ')}` : degraded.length > 0 ? `Ready, without ${degraded.join(', ')}` : 'Ready'
  return (
    <section class='tiles' aria-label='State'>
      <div class={missing.length > 0 ? 'tile bad' : 'tile good'}><span>Broker</span><b>{state}</b></div>
      {parts.map(([gauge, title, up, down]) => (
        <div key={gauge} class={gauges[gauge] === 1 ? 'tile good' : 'tile bad'}><span>{title}</span><b>{gauges[gauge] === 1 ? up : down}</b></div>
      ))}
      <div class='tile'><span>Logins</span><b>{gauges.hashes_running} hashing, {gauges.hashes_waiting} waiting</b></div>
      <div class={stopped > 0 ? 'tile bad' : 'tile good'}><span>Guard</span><b>{stopped > 0 ? `stopped ${stopped} in the hour` : 'stopped nobody'}</b></div>
      <div class='tile'><span>As of</span><b><time dateTime={at}>{new Date(at).toTimeString().slice(0, 8)}</time></b></div>
    </section>
  )
}

function Codes ({ data: { minutes } }: { data: OperatorData }) {
  const codes = codesOf(minutes)
  return (
    <section class='card wide'>
      <h2>Refusals in the last hour</h2>
      {codes.length === 0
        ? <p>None of a request that brought credentials.</p>
        : <dl class='rows'>{codes.map(([code, count]) => <div key={code}><dt><code>{code}</code></dt><dd>{count}</dd></div>)}</dl>}
    </section>
  )
}

function Reloads ({ data: { reloads } }: { data: OperatorData }) {
  const all = Object.entries(reloads).sort()
  return (
    <section class='card'>
      <h2>Last reloads</h2>
      {all.length === 0
        ? <p>None since the start.</p>
        : (
          <dl class='rows'>
            {all.map(([what, { taken, at }]) => (
              <div key={what}><dt>{what}</dt><dd><span class={taken ? 'tag good' : 'tag bad'}>{taken ? 'taken' : 'refused'}</span> {new Date(at).toTimeString().slice(0, 8)}{!taken && ': the old ones stay, the log says why'}</dd></div>
            ))}
          </dl>
          )}
    </section>
  )
}

function Settings ({ data: { settings } }: { data: OperatorData }) {
  return (
    <section class='card'>
      <h2>Settings in force</h2>
      <ul class='settings'>
        {Object.entries(settings).map(([name, set]) => <li key={name} class={set ? 'set' : ''}><code>{name}</code> {set ? 'set' : 'unset'}</li>)}
      </ul>
    </section>
  )
}

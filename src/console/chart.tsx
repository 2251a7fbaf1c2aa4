import { useMemo, useRef, useState } from 'preact/hooks'
import { minuteOf } from './audit-lines.js'
import { barsOf, rowsOf, rowsWithSum, type Series, type Span } from './operator-data.js'
import type { Line } from './plot-options.js'
import { usePlot } from './use-plot.js'

export interface ChartProps {
  title: string
  /** What the rows are. */
  rows: string
  span: Span
  /** In words. */
  time: string
  series: Series
  /** How each name is drawn. */
  lineOf: (name: string) => Line
  /** How the time is summed up: by the sum of counts, or by the highest value. */
  total: 'sum' | 'most'
  /** The slot that all charts point at. Without one it is the last whole one. */
  index: number | undefined
  onIndex: (index: number | undefined) => void
}

/**
 * Draws bars, and below them the figures of each name: of the slot at the pointer, and of the whole time. A row that has the pointer or the
 * focus is drawn alone, the others pale.
 */
export function Chart ({ title, rows: heading, span, time, series, lineOf, total, index, onIndex }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const lines = series.names.map(lineOf)
  const [alone, setAlone] = useState<string>()
  const sums = total === 'sum'
  const bars = useMemo(() => barsOf(series, sums), [series])
  usePlot(place, { span, series, bars, lines, alone, index, onIndex })
  const last = span.starts.length - 1
  const shown = Math.max(span.first, index ?? last - 1)
  const rows = sums ? rowsWithSum(series, shown) : rowsOf(series, shown)
  const at = slotInWords(span, shown)
  const move = (event: KeyboardEvent) => {
    const next = keys[event.key]?.(shown, last)
    if (next === undefined) return
    event.preventDefault()
    onIndex(next === null ? undefined : Math.min(last, Math.max(span.first, next)))
  }
  return (
    <figure class='card chart'>
      <figcaption><h2>{title}</h2></figcaption>
      <div
        ref={place} class='plot' role='slider' tabIndex={0} aria-label={`${title}: the time whose figures are shown`} onKeyDown={move} onBlur={() => onIndex(undefined)}
        aria-valuemin={span.first} aria-valuemax={last} aria-valuenow={shown}
        aria-valuetext={`${at}: ${rows.map(({ name, value }) => `${nameOf(name)} ${figure(value)}`).join(', ') || 'nothing'}`}
      />
      <table>
        <thead><tr><th scope='col'>{heading}</th><th scope='col'>{at}</th><th scope='col'>{sums ? 'Total' : 'Highest'}</th></tr></thead>
        <tbody>
          {rows.map(({ name, value, ...of }) => (
            <tr key={name} class={name === '' ? 'all' : undefined} onPointerEnter={() => setAlone(name)} onPointerLeave={() => setAlone(undefined)}>
              <th scope='row'>{name === '' ? nameOf(name) : <button type='button' class='row' onFocus={() => setAlone(name)} onBlur={() => setAlone(undefined)}><Key line={lineOf(name)} />{nameOf(name)}</button>}</th>
              <td>{figure(value)}</td>
              <td>{figure(of[total])}</td>
            </tr>
          ))}
          {rows.length === 0 && <tr><td class='none' colSpan={3}>nothing in {time}</td></tr>}
        </tbody>
      </table>
    </figure>
  )
}

/** The colour of a name, in front of it. */
export function Key ({ line: { colour, striped } }: { line: Line }) {
  return <svg class={`key ${colour}`} viewBox='0 0 14 14' aria-hidden='true'>{striped ? <path d='M2 3.5h10m-10 7h10' /> : <circle cx='7' cy='7' r='5' />}</svg>
}

/** Where each key leads; null takes the figures back to the last whole slot. */
const keys: Record<string, (index: number, last: number) => number | null> = {
  ArrowLeft: index => index - 1,
  ArrowDown: index => index - 1,
  ArrowRight: index => index + 1,
  ArrowUp: index => index + 1,
  Home: () => 0,
  End: (_index, last) => last,
  Escape: () => null
}

function slotInWords ({ starts, seconds }: Span, index: number): string {
  const start = starts[index]!
  if (index === starts.length - 1) return `since ${minuteOf(start)}`
  return seconds === 60 ? minuteOf(start) : `${minuteOf(start)}–${minuteOf(start + seconds)}`
}

const names: Record<string, string> = { '': 'all', none: 'no product' }

function nameOf (name: string): string {
  return names[name] ?? name
}

// toLocaleString would make a formatter for each figure, and a move of the pointer changes sixty figures.
const small = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const large = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

function figure (value: number | null): string {
  return value === null ? '–' : (value < 10 ? small : large).format(value)
}

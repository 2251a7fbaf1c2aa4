import { useEffect, useRef, useState } from 'preact/hooks'
import UPlot from 'uplot'
import { sumsOf, type Series } from './operator-data.js'

interface ChartProps {
  title: string
  /** Of the values. */
  unit: string
  series: Series
  /** How the hour is summed up: by the sum of counts, or by the highest value. */
  hour: 'sum' | 'most'
}

/** Draws a line for each name over the last hour, with a legend that has the same in figures. */
export function Chart ({ title, unit, series, hour }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const scheme = useScheme()
  const names = series.names.join()

  // uPlot fixes lines at creation: other names or colours need another chart.
  useEffect(() => {
    const made = new UPlot(options(place.current!, series.names), series.columns as UPlot.AlignedData, place.current!)
    const observer = new ResizeObserver(([entry]) => made.setSize({ width: entry!.contentRect.width, height }))
    observer.observe(place.current!)
    plot.current = made
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, [names, scheme])
  useEffect(() => plot.current!.setData(series.columns as UPlot.AlignedData), [series])

  const sums = sumsOf(series)
  return (
    <figure class='card chart'>
      <figcaption><h2>{title}</h2></figcaption>
      <div ref={place} aria-hidden='true' />
      <table>
        <thead><tr><th scope='col'>{unit}</th><th scope='col'>this minute</th><th scope='col'>{hour === 'sum' ? 'in the hour' : 'at most'}</th></tr></thead>
        <tbody>
          {sums.map(({ name, last, ...of }, i) => (
            <tr key={name}><th scope='row'><svg class={`key line-${i % lines}`} viewBox='0 0 12 12' aria-hidden='true'><circle cx='6' cy='6' r='5' /></svg>{name}</th><td>{rounded(last)}</td><td>{rounded(of[hour])}</td></tr>
          ))}
          {sums.length === 0 && <tr><td colSpan={3}>nothing in the last hour</td></tr>}
        </tbody>
      </table>
    </figure>
  )
}

const height = 170
/** Colours that the style sheet has for lines. */
const lines = 6

function options (place: HTMLElement, names: string[]): UPlot.Options {
  const style = getComputedStyle(place)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const axis = { stroke: colour('quiet'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
  return {
    width: place.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [{ ...axis, size: 30, values: (_plot, splits) => splits.map(seconds => new Date(seconds * 1000).toTimeString().slice(0, 5)) }, { ...axis, size: 44 }],
    series: [{}, ...names.map((name, i) => ({ label: name, stroke: colour(`line-${i % lines}`), width: 2, points: { show: false } }))]
  }
}

function rounded (value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Dark or light; a chart is painted in the colours of one. */
function useScheme (): boolean {
  const [dark, setDark] = useState(() => query.matches)
  useEffect(() => {
    const change = () => setDark(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [])
  return dark
}

const query = matchMedia('(prefers-color-scheme: dark)')

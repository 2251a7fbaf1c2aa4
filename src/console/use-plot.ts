import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { minuteOf } from './audit-lines.js'
import { BAR, drawHollowBars, drawRunning, drawUnknown, edgesOf, nameUnknown, stripes, type Colour } from './draw-marks.js'
import type { Series, Span } from './operator-data.js'
import type { Line, PlotOptions } from './plot-options.js'
import { useMedia } from './use-media.js'

const HEIGHT = 190
/** Values are counts or milliseconds: no line of the grid stands between two whole numbers. */
const STEPS = [1, 2, 5]
  .flatMap(step => [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].map(ten => step * ten))
  .sort((one, other) => one - other)

/** Draws the bars into an element, and keeps them as wide as it is. */
export function usePlot (place: RefObject<HTMLDivElement | null>, options: PlotOptions): void {
  const plot = useRef<UPlot>(undefined)
  // uPlot keeps its callbacks as long as the plot, over many renderings. Here they read the options of the latest one.
  const current = useRef(options)
  current.current = options
  const dark = useMedia('(prefers-color-scheme: dark)')
  const { span, series, lines, alone, index } = options

  // uPlot fixes names and colours at creation: other names or colours need another plot.
  const fixed = [series.names.join(), lines.map(({ colour }) => colour).join(), span.seconds, dark]
  useEffect(() => {
    const made = new UPlot(optionsOf(place.current!, current), columnsOf(span, series), place.current!)
    const observer = new ResizeObserver(([entry]) => made.setSize({ width: entry!.contentRect.width, height: HEIGHT }))
    observer.observe(place.current!)
    plot.current = made
    return () => {
      observer.disconnect()
      made.destroy()
    }
  }, fixed)
  useEffect(() => plot.current!.setData(columnsOf(span, series)), [span, series])
  // uPlot's index 0 is the time. Without a name, all are drawn in full.
  useEffect(() => plot.current!.setSeries(series.names.indexOf(alone!) + 1 || null, { focus: true }), [alone, ...fixed])
  useEffect(() => {
    const left = index === undefined ? -10 : plot.current!.valToPos(span.starts[index]!, 'x')
    plot.current!.setCursor({ left, top: index === undefined ? -10 : 0 })
  }, [index, span, ...fixed])
}

/** Drawn bars end with the last whole slot: as its count has just begun, the running one would look like a fall. */
function columnsOf ({ starts }: Span, { values }: Series): UPlot.AlignedData {
  return [starts, ...values.map(withoutRunning)] as UPlot.AlignedData
}

function withoutRunning (column: Array<number | null>): Array<number | null> {
  return [...column.slice(0, -1), null]
}

function optionsOf (place: HTMLElement, current: RefObject<PlotOptions>): UPlot.Options {
  const style = getComputedStyle(place)
  const colour: Colour = name => style.getPropertyValue(`--${name}`).trim()
  const axis = { stroke: colour('quiet'), font: `12px ${style.fontFamily}`, grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
  const { lines, series: { names } } = current.current!
  return {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [12, 20, 0, 0],
    legend: { show: false },
    // The pointer is followed below: one slot is marked in all charts.
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: false },
      bind: { mousemove: () => null, mouseenter: () => null, mouseleave: () => null, mousedown: () => null }
    },
    scales: {
      x: { range: () => edgesOf(current.current!.span) },
      y: { range: () => [0, Math.max(4, 1.1 * Math.max(...current.current!.bars.flatMap(({ to }) => to).map(Number)))] }
    },
    axes: [
      { ...axis, size: 28, space: 56, values: (_plot, splits) => splits.map(minuteOf) },
      // A scale of nothing would be made up.
      { ...axis, show: names.length > 0, size: 48, incrs: STEPS, values: (_plot, splits) => splits.map(short) }
    ],
    focus: { alpha: 0.2 },
    series: [{}, ...names.map((name, i) => ({
      label: name, fill: fillOf(lines[i]!, colour), width: 0, points: { show: false }, paths: pathsOf(current)
    }))],
    hooks: {
      drawClear: [plot => drawUnknown(plot, current.current!.span, colour), plot => drawRunning(plot, current.current!.span, colour)],
      draw: [plot => nameUnknown(plot, current.current!.span, colour), plot => drawHollowBars(plot, current.current!, colour)],
      ready: [plot => followPointer(plot, index => current.current!.onIndex(index))]
    }
  }
}

function fillOf ({ colour: name, striped }: Line, colour: Colour): string | CanvasPattern {
  return striped ? stripes(colour(name)) : colour(name)
}

function pathsOf (current: RefObject<PlotOptions>): UPlot.Series.PathBuilder {
  const barsOf = (i: number) => current.current!.bars[i - 1]!
  return UPlot.paths.bars!({
    size: [BAR],
    disp: { y0: { unit: 1, values: (_plot, i) => barsOf(i).from }, y1: { unit: 1, values: (_plot, i) => withoutRunning(barsOf(i).to) } }
  })
}

function followPointer (plot: UPlot, onIndex: PlotOptions['onIndex']): void {
  const follow = ({ offsetX }: PointerEvent) => onIndex(plot.posToIdx(offsetX))
  plot.over.addEventListener('pointerdown', follow)
  plot.over.addEventListener('pointermove', follow)
  plot.over.addEventListener('pointerleave', () => onIndex(undefined))
}

function short (value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(value)
}

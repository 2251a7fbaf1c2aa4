import UPlot from 'uplot'
import type { Span } from './operator-data.js'
import type { PlotOptions } from './plot-options.js'

/** A value stands in the middle of its slot, so half a slot is left free at each end. */
export function edgesOf ({ starts, seconds }: Span): [number, number] {
  return [starts[0]! - seconds / 2, starts.at(-1)! + seconds / 2]
}

/** Reads a colour of the style sheet. */
export type Colour = (name: string) => string

/** A band between two times over the whole height. */
function drawBand ({ ctx, bbox, valToPos }: UPlot, from: number, to: number, fill: string): void {
  const [left, right] = [valToPos(from, 'x', true), valToPos(to, 'x', true)]
  ctx.fillStyle = fill
  ctx.fillRect(left, bbox.top, right - left, bbox.height)
}

/** The time before the start: nothing is known of it, which is not 0. */
function unknownOf (span: Span): [from: number, to: number] {
  return [edgesOf(span)[0], span.starts[span.first]! - span.seconds / 2]
}

export function drawUnknown (plot: UPlot, span: Span, colour: Colour): void {
  drawBand(plot, ...unknownOf(span), colour('back'))
}

/** Says what the band is, where there is space for it. */
export function nameUnknown ({ ctx, bbox, valToPos }: UPlot, span: Span, colour: Colour): void {
  const text = 'before the start'
  const size = 12 * UPlot.pxRatio
  ctx.font = `${size}px system-ui, sans-serif`
  const [left, right] = unknownOf(span).map(time => valToPos(time, 'x', true)) as [number, number]
  const width = ctx.measureText(text).width + size
  if (width > right - left) return
  const [x, y] = [(left + right) / 2, bbox.top + bbox.height / 2]
  ctx.fillStyle = colour('back')
  ctx.fillRect(x - width / 2, y - size, width, 2 * size)
  ctx.fillStyle = colour('quiet')
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillText(text, x, y)
}

/** The slot that still runs. */
export function drawRunning (plot: UPlot, { starts, seconds }: Span, colour: Colour): void {
  const last = starts.at(-1)!
  drawBand(plot, last - seconds / 2, last + seconds / 2, colour('wash'))
}

/** Values that no line leads to: of the running slot, as hollow dots, and of slots between two without a value. */
export function drawDots (plot: UPlot, { span: { starts }, series: { values }, lines }: PlotOptions, colour: Colour): void {
  const { ctx } = plot
  const ratio = UPlot.pxRatio
  ctx.lineWidth = 1.5 * ratio
  values.forEach((column, line) => column.forEach((value, i) => {
    const running = i === column.length - 1
    const next = i === column.length - 2 ? null : column[i + 1]!
    if (value === null || (!running && (column[i - 1] ?? null) !== null) || (!running && next !== null)) return
    ctx.beginPath()
    ctx.arc(plot.valToPos(starts[i]!, 'x', true), plot.valToPos(value, 'y', true), 3 * ratio, 0, 2 * Math.PI)
    ctx.strokeStyle = colour(lines[line]!.colour)
    ctx.fillStyle = running ? colour('card') : ctx.strokeStyle
    ctx.fill()
    ctx.stroke()
  }))
}

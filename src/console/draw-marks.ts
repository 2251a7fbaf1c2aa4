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

/** The part of a slot that its bar takes. */
export const BAR = 0.8

/** Bars of the slot that still runs, hollow: their values have only begun. */
export function drawHollowBars (plot: UPlot, { span: { starts, seconds }, bars, lines }: PlotOptions, colour: Colour): void {
  const { ctx, valToPos } = plot
  const width = BAR * seconds
  const start = starts.at(-1)! - width / 2
  // A line of one pixel is sharp in the middle of one.
  const snap = (position: number) => Math.round(position) + 0.5
  const [left, right] = [snap(valToPos(start, 'x', true)), snap(valToPos(start + width, 'x', true))]
  ctx.save()
  ctx.lineWidth = 1
  bars.forEach(({ from, to }, i) => {
    const [bottom, top] = [from, to].map(column => snap(valToPos(column.at(-1) ?? 0, 'y', true))) as [number, number]
    if (bottom - top < 1) return
    ctx.globalAlpha = plot.series[i + 1]!.alpha!
    ctx.strokeStyle = colour(lines[i]!.colour)
    ctx.strokeRect(left, top, right - left, bottom - top)
  })
  ctx.restore()
}

/** Stripes of a colour, for names whose colour another one has already. */
export function stripes (colour: string): CanvasPattern {
  const size = 6 * UPlot.pxRatio
  const canvas = new OffscreenCanvas(size, size)
  const ctx = canvas.getContext('2d')!
  ctx.fillStyle = colour
  ctx.fillRect(0, 0, size, size / 2)
  return ctx.createPattern(canvas, 'repeat')!
}

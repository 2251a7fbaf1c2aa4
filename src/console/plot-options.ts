import type { Series, Span } from './operator-data.js'

/** How a name is drawn. */
export interface Line {
  /** The style sheet's variable for its colour, without the dashes. */
  colour: string
  dashed: boolean
}

export interface PlotOptions {
  span: Span
  series: Series
  lines: Line[]
  /** The slot at the pointer. */
  index: number | undefined
  onIndex: (index: number | undefined) => void
}

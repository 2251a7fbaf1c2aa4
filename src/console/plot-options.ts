import type { Bars, Series, Span } from './operator-data.js'

/** How a name is drawn. */
export interface Line {
  /** The style sheet's variable for its colour, without the dashes. */
  colour: string
  /** Where another has that colour already. */
  striped: boolean
}

export interface PlotOptions {
  span: Span
  series: Series
  bars: Bars[]
  lines: Line[]
  /** The name that is shown alone, the others pale. */
  alone: string | undefined
  /** The slot at the pointer. */
  index: number | undefined
  onIndex: (index: number | undefined) => void
}

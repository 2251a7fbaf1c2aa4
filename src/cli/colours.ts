import { styleText } from 'node:util'
import type { Io } from './io.js'

type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string

/** Colours for standard output, of which Node itself would only know the process's: on a terminal only, and not where NO_COLOR says otherwise (https://no-color.org). */
export function paintFor ({ stdout, env }: Io): Paint {
  return stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb' ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text
}

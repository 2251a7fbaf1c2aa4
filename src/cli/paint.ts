import { styleText } from 'node:util'
import type { Io } from './io.js'

type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string

/** Colours text for standard output: only on a terminal, and not if NO_COLOR is set (https://no-color.org). */
export function paintFor ({ stdout, env }: Io): Paint {
  // Node's own check uses the process's standard output, which may be another stream than the command's.
  return stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb' ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text
}

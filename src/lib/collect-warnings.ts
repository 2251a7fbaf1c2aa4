import type { Log } from './log.js'

/** Creates a log that stores its warnings, each with its cause, and ignores all other lines. */
export function collectWarnings (): { log: Log, warnings: string[] } {
  const warnings: string[] = []
  return {
    warnings,
    log: {
      info: ignore,
      error: ignore,
      warn (first: object | string, message?: string) {
        warnings.push(typeof first === 'string' ? first : `${message} (${(first as { cause?: string }).cause})`)
      }
    }
  }
}

function ignore (): void {}

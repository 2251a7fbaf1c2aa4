import type { Log } from './log.js'

/** A log that keeps its warnings, each with its cause, and drops all else. */
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

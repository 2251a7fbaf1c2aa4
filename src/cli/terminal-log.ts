import { prettyFactory } from 'pino-pretty'

/** A request, as `http/request-log.ts` logs it. */
interface RequestLine {
  msg: string
  time: string
  status: number
  method: string
  path: string
  caller?: string
  code?: string
  ms: number
}

/**
 * Formats a line of the log for people. A request is one line, such as `00:33:57 401 GET /token/video credentials-wrong 23 ms`: it names
 * who asked only once that is proven, as people type passwords in place of names.
 */
export function terminalLines ({ colorize }: { colorize: boolean }): (json: string) => string {
  const pretty = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss' })
  return json => {
    const line = JSON.parse(json) as RequestLine
    return line.msg === 'request' ? requestLine(line) : pretty(line)
  }
}

function requestLine ({ time, status, method, path, caller, code, ms }: RequestLine): string {
  // As Sweden writes the time: 24 hours, in two digits each.
  const clock = new Date(time).toLocaleTimeString('sv-SE')
  return `${[clock, status, method, path, caller, code, `${Math.round(ms)} ms`].filter(part => part !== undefined).join(' ')}\n`
}

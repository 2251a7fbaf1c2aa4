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
 * Formats a line of the log for people. A request is one line, such as `00:33:57 401 GET /token/video credentials-wrong 23 ms`. The
 * line contains the caller's name only once it is verified, because people sometimes type the password as their name.
 */
export function terminalLines ({ colorize }: { colorize: boolean }): (json: string) => string {
  const pretty = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss' })
  return json => {
    const line = JSON.parse(json) as RequestLine
    return line.msg === 'request' ? requestLine(line) : pretty(line)
  }
}

function requestLine ({ time, status, method, path, caller, code, ms }: RequestLine): string {
  // The Swedish locale writes the time with 24 hours and two digits each.
  const clock = new Date(time).toLocaleTimeString('sv-SE')
  return `${[clock, status, method, path, caller, code, `${Math.round(ms)} ms`].filter(part => part !== undefined).join(' ')}\n`
}

import type { ErrorCode } from '../../diagnose/token/code.js'
import { codes, codesIn, inVoice } from '../../diagnose/token/codes.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { paintFor, type Paint } from '../paint.js'

type Explained = ReturnType<typeof codesIn>[number]

export interface ExplainOptions {
  json?: boolean
}

/** Prints the explanation of each code in `words`; without words, of every known code. */
export function explain (io: Io, words: string[], { json }: ExplainOptions): number {
  if (words.length === 0) return list(io, json)
  const requested = codesIn(words.join(' '))
  if (requested.length === 0) throw new Failure(exitCodes.usage, 'an error code of Twilio has five digits, such as 20101')
  const unknown = requested.flatMap(([code, known]) => known === undefined ? [code] : [])
  if (json) {
    io.stdout.write(asJson(requested))
  } else {
    const paint = paintFor(io)
    io.stdout.write(requested.flatMap(([code, known]) => known === undefined ? [] : [inWords(code, known, paint)]).join('\n'))
    for (const code of unknown) io.stderr.write(`${code} is not known here; see https://www.twilio.com/docs/api/errors/${code}\n`)
  }
  return unknown.length === 0 ? exitCodes.ok : exitCodes.no
}

function list ({ stdout }: Io, json: boolean | undefined): number {
  const all = Object.entries(codes).map(([code, known]): Explained => [Number(code), known])
  stdout.write(json ? asJson(all) : all.map(([code, known]) => `${code}  ${known!.title}\n`).join(''))
  return exitCodes.ok
}

function asJson (all: Explained[]): string {
  return `${JSON.stringify(all.map(([code, known]) => ({ code, known: known !== undefined, ...known })))}\n`
}

function inWords (code: number, known: ErrorCode, paint: Paint): string {
  const { title, causes, look, fix } = known
  return [
    paint('bold', `${code}  ${title}`),
    ...causes.map((cause, i) => `${i === 0 ? 'causes   ' : '         '}- ${cause}`),
    `look     ${look}`,
    `fix      ${fix}`,
    ...inVoice(known).map(sentence => `note     ${sentence}`),
    ''
  ].join('\n')
}

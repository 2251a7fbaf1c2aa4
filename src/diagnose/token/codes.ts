import type { Codes, ErrorCode } from './code.js'
import { tokenCodes } from './codes-token.js'
import { twilsockCodes } from './codes-twilsock.js'
import { videoCodes } from './codes-video.js'
import { voiceCodes } from './codes-voice.js'

/**
 * Errors that a token, or the settings it was made from, can cause.
 * https://www.twilio.com/docs/api/errors lists all of Twilio's; titles follow the SDKs' own tables.
 */
export const codes: Codes = { ...tokenCodes, ...voiceCodes, ...twilsockCodes, ...videoCodes }

/** Finds the error codes in a text, such as a pasted message. */
export function codesIn (text: string): Array<[code: number, known: ErrorCode | undefined]> {
  return [...new Set(text.match(/(?<!\d)\d{5}(?!\d)/g))].map(digits => [Number(digits), codes[Number(digits)]])
}

/** Says which codes Voice uses for the same error. */
export function inVoice ({ voice, shown }: ErrorCode): string[] {
  if (voice !== undefined) return [`Voice reports the same error as ${voice}, which its SDK shows as ${codes[voice]!.shown}.`]
  if (shown === undefined) return []
  return [`The Voice SDK shows it as ${shown}${shown === 53000 ? ', unless its Device is made with enableImprovedSignalingErrorPrecision: true' : ''}.`]
}

import type { ErrorCode } from '../diagnose/token/code.js'
import { codes, codesIn } from '../diagnose/token/codes.js'

export interface FoundCodes {
  /** Codes that are explained here, in their order. */
  known: Array<[code: number, explained: ErrorCode]>
  /** Codes in the text that are not. */
  unknown: number[]
}

/** Every code that is explained. */
export const allCodes = Object.entries(codes).map(([code, explained]): [number, ErrorCode] => [Number(code), explained])

/** Finds the codes that a pasted message names; without any, those whose explanation has every word of the text. */
export function searchCodes (text: string): FoundCodes {
  const named = codesIn(text)
  if (named.length > 0) {
    return {
      known: named.flatMap(([code, explained]) => explained === undefined ? [] : [[code, explained]]),
      unknown: named.flatMap(([code, explained]) => explained === undefined ? [code] : [])
    }
  }
  const words = text.toLowerCase().split(/\s+/)
  return { known: allCodes.filter(entry => words.every(word => fits(word, entry))), unknown: [] }
}

/** Digits are the beginning of a code: other explanations only refer to it. */
function fits (word: string, [code, explained]: [number, ErrorCode]): boolean {
  return /^\d+$/.test(word) ? String(code).startsWith(word) : textOf(explained).includes(word)
}

function textOf ({ title, causes, look, fix }: ErrorCode): string {
  return [title, ...causes, look, fix].join(' ').toLowerCase()
}

/** By product, as codes are numbered. */
const groups: Array<[name: string, numbers: RegExp]> = [
  ['Tokens and the REST API', /^[27]/],
  ['Voice', /^31/],
  ['Video and signalling', /^53/],
  ['Sync, Chat and Conversations', /^51/],
  ['Chat and Conversations', /^50/],
  ['Sync', /^54/]
]

/** Groups codes by product, without empty groups. Titles leave out the product, because the group names it. */
export function groupsOf (known: FoundCodes['known']): Array<{ name: string, codes: Array<[code: number, title: string]> }> {
  return groups.map(([name, numbers]) => ({
    name,
    codes: known.filter(([code]) => numbers.test(String(code))).map(([code, { title }]): [number, string] => [code, capitalised(title.replace(/^[A-Z][\w, ]*: /, ''))])
  })).filter(({ codes }) => codes.length > 0)
}

export function capitalised (text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Splits a sentence at the codes that are explained here, which then stand at the odd places. */
export function splitAtCodes (sentence: string): string[] {
  return sentence.split(new RegExp(`\\b(${Object.keys(codes).join('|')})\\b`))
}

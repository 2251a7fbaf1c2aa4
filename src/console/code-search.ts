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

export interface ListedCode {
  code: number
  title: string
  /** A sentence of the explanation in which a word stands that the title lacks. */
  match: string | undefined
}

/**
 * Groups codes by product, without empty groups. Titles leave out the product, because the group names it.
 * @param searched the text that found them
 */
export function groupsOf (known: FoundCodes['known'], searched = ''): Array<{ name: string, codes: ListedCode[] }> {
  const words = codesIn(searched).length > 0 ? [] : searched.toLowerCase().split(/\s+/).filter(word => /\D/.test(word))
  return groups.map(([name, numbers]) => ({
    name,
    codes: known.filter(([code]) => numbers.test(String(code)))
      .map(([code, explained]) => ({ code, title: titleInList(code, explained), match: matchOf(explained, words) }))
  })).filter(({ codes }) => codes.length > 0)
}

/** The sentence that has the first word that is not in the title. */
function matchOf ({ title, causes, look, fix }: ErrorCode, words: string[]): string | undefined {
  const word = words.find(word => !title.toLowerCase().includes(word))
  return word === undefined ? undefined : [...causes, look, fix].find(text => text.toLowerCase().includes(word))
}

const withoutProduct = (title: string): string => title.replace(/^[A-Z][\w, ]*: /, '')

/** Codes that Twilio uses for the same error say so: equal lines would look like a mistake of the list. */
function titleInList (code: number, { title }: ErrorCode): string {
  const [first] = allCodes.find(([, other]) => other.title === title)!
  return capitalised(withoutProduct(title)) + (first === code ? '' : `, as ${first}`)
}

export function capitalised (text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Splits a sentence at the codes that are explained here, which then stand at the odd places. */
export function splitAtCodes (sentence: string): string[] {
  return sentence.split(new RegExp(`\\b(${Object.keys(codes).join('|')})\\b`))
}

import { builtIn } from '../../products/load.js'
import { valueMistake } from '../../settings/validate.js'
import type { Io } from '../io.js'
import type { Prompt } from '../prompt.js'
import type { Choice } from './offers.js'
import { caution, type Question } from './questions.js'

/** Values of settings; `''` leaves a setting out. */
export type Answers = Record<string, string>

/** What is wrong with a value; undefined when nothing is. */
export async function mistakeOf ({ setting, otherwise }: Question, value: string): Promise<string | undefined> {
  return value === otherwise ? undefined : valueMistake(setting, value, [...(await builtIn()).values()])
}

/** Asks until the answer is right: a person at a terminal can look again. */
export async function ask ({ stderr }: Io, question: Question, prompt: Prompt, choices: Choice[] = []): Promise<string> {
  const { setting, where, hidden } = question
  stderr.write(`\n${where}\n${choices.map(({ sid, name }, i) => `  ${i + 1}  ${name} (${sid})\n`).join('')}`)
  const words = choices.length === 0 ? question.ask : question.ask.replace('(', '(a number of the list, or ')
  while (true) {
    const typed = (hidden ? await prompt.hidden(words) : await prompt.shown(words)).trim()
    const value = /^\d{1,3}$/.test(typed) ? choices[Number(typed) - 1]?.sid ?? typed : typed
    const mistake = await mistakeOf(question, value)
    const doubt = caution(question, value)
    if (mistake !== undefined) stderr.write(`${mistake}\n`)
    else if (doubt === undefined || await isYes(prompt, `${setting}: ${doubt}. Take it nevertheless? (y/N) `)) return value
  }
}

/** @param otherwise the answer of who types nothing */
export async function isYes (prompt: Prompt, question: string, otherwise = false): Promise<boolean> {
  const typed = (await prompt.shown(question)).trim()
  return typed === '' ? otherwise : /^y(es)?$/i.test(typed)
}

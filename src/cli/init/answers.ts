import { builtIn } from '../../products/load.js'
import { valueMistake } from '../../settings/value.js'
import type { Io } from '../io.js'
import type { Prompt } from '../prompt.js'
import type { Choice } from './account.js'
import { caution, type Question } from './questions.js'

/** Values by setting; `''` leaves the setting out of `.env`. */
export type Answers = Record<string, string>

/** What is wrong with a value; undefined when nothing is. */
export async function mistakeOf ({ setting, defaultAnswer }: Question, value: string): Promise<string | undefined> {
  return value === defaultAnswer ? undefined : valueMistake(setting, value, [...(await builtIn()).values()])
}

/** Asks again until the answer is right. */
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
    else if (doubt === undefined || await isYes(prompt, `${setting}: ${doubt}. Use it anyway? (y/N) `)) return value
  }
}

/** @param defaultAnswer what an empty answer means */
export async function isYes (prompt: Prompt, question: string, defaultAnswer = false): Promise<boolean> {
  const typed = (await prompt.shown(question)).trim()
  return typed === '' ? defaultAnswer : /^y(es)?$/i.test(typed)
}

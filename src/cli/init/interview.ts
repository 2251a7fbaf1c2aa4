import type { Dispatcher } from 'undici'
import { exitCodes, Failure, type Io } from '../io.js'
import { openPrompt, type Prompt } from '../prompt.js'
import { ask, isYes, type Answers } from './answers.js'
import { askName, askPassword } from './first-user.js'
import { askTwilio, type Choices } from './offers.js'
import { optional, region, required } from './questions.js'

/** What is written once all of it is known to be right. */
interface Plan {
  answers: Answers
  /** None, where no user is to be added. */
  user: { name: string, password: string } | undefined
}

interface Known {
  given: Answers
  password: string | undefined
  user: string | false | undefined
  /** Whether nobody has to be asked before `.env` is written. */
  mayReplace: boolean
}

/** Asks a person for what is not given. By options alone, what may be left out is. */
export async function complete (io: Io, { given, password, user, mayReplace }: Known, network?: Dispatcher): Promise<Plan> {
  const { answers, name } = await withPrompt(io, async prompt => {
    if (!mayReplace && !await isYes(prompt(), '.env is there already. Write a new one in its place, with these settings alone? (y/N) ')) {
      throw new Failure(exitCodes.no, '.env stays as it is')
    }
    const answers = required.every(({ setting }) => given[setting] !== undefined) ? given : await askAll(io, given, prompt(), network)
    return { answers, name: user ?? await askName(io, prompt()) }
  })
  if (name === false) return { answers, user: undefined }
  return { answers, user: { name, password: password ?? await askPassword(io) } }
}

/** Opens the terminal once something has to be asked. */
async function withPrompt<T> (io: Io, work: (prompt: () => Prompt) => Promise<T>): Promise<T> {
  let prompt: Prompt | undefined
  try {
    return await work(() => { prompt ??= openPrompt(io, 'see --help for the options that answer'); return prompt })
  } finally {
    prompt?.close()
  }
}

async function askAll (io: Io, given: Answers, prompt: Prompt, network?: Dispatcher): Promise<Answers> {
  const { answers, choices } = await askAccount(io, given, prompt, network)
  for (const question of optional) {
    const { setting, choices: list } = question
    answers[setting] = given[setting] ?? await ask(io, question, prompt, list && choices[list])
  }
  return answers
}

/** The account and its key, once more where Twilio says that they are wrong. */
async function askAccount (io: Io, given: Answers, prompt: Prompt, network?: Dispatcher): Promise<{ answers: Answers, choices: Choices }> {
  let known = given
  while (true) {
    const answers: Answers = {}
    for (const question of [...required, region]) answers[question.setting] = known[question.setting] ?? await ask(io, question, prompt)
    io.stderr.write('\n')
    if (!await isYes(prompt, 'Ask Twilio whether these belong together, and which TwiML apps and services there are? (Y/n) ', true)) return { answers, choices: {} }
    const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_API_KEY_SID: keySid, TWILIO_API_KEY_SECRET: keySecret, TWILIO_REGION } = answers
    const { outcomes, isRefused, choices } = await askTwilio({ accountSid: accountSid!, keySid: keySid!, keySecret: keySecret! }, TWILIO_REGION || 'us1', network)
    for (const { about, says } of outcomes) io.stderr.write(`${about}: ${says}\n`)
    if (!isRefused || !await isYes(prompt, 'Give them once more? (Y/n) ', true)) return { answers, choices }
    known = {}
  }
}

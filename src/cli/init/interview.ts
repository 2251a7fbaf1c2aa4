import type { Dispatcher } from 'undici'
import { exitCodes, Failure, type Io } from '../io.js'
import { openPrompt, type Prompt } from '../prompt.js'
import { ask, isYes, type Answers } from './answers.js'
import { askName, askPassword } from './first-user.js'
import { askAboutAccount, type Choices } from './account.js'
import { optional, region, required } from './questions.js'

/** What `init` will write. */
interface Plan {
  answers: Answers
  /** Undefined if no user is to be added. */
  user: { name: string, password: string } | undefined
}

interface Known {
  given: Answers
  password: string | undefined
  user: string | false | undefined
  /** Whether `.env` may be written without asking. */
  mayReplace: boolean
}

/** Asks for everything that is not given. If the options give all required values, it does not ask for optional settings. */
export async function complete (io: Io, { given, password, user, mayReplace }: Known, network?: Dispatcher): Promise<Plan> {
  const { answers, name } = await withPrompt(io, async prompt => {
    if (!mayReplace && !await isYes(prompt(), '.env exists. Replace it with a new one that has these settings alone? (y/N) ')) {
      throw new Failure(exitCodes.no, '.env is unchanged')
    }
    const answers = required.every(({ setting }) => given[setting] !== undefined) ? given : await askAll(io, given, prompt(), network)
    return { answers, name: user ?? await askName(io, prompt()) }
  })
  if (name === false) return { answers, user: undefined }
  return { answers, user: { name, password: password ?? await askPassword(io) } }
}

/** Opens the terminal when the first question is asked. */
async function withPrompt<T> (io: Io, work: (prompt: () => Prompt) => Promise<T>): Promise<T> {
  let prompt: Prompt | undefined
  try {
    return await work(() => { prompt ??= openPrompt(io, 'see --help for the options in place of questions'); return prompt })
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

/** Asks for the account and its key, and again if Twilio says that they are wrong. */
async function askAccount (io: Io, given: Answers, prompt: Prompt, network?: Dispatcher): Promise<{ answers: Answers, choices: Choices }> {
  let known = given
  while (true) {
    const answers: Answers = {}
    for (const question of [...required, region]) answers[question.setting] = known[question.setting] ?? await ask(io, question, prompt)
    io.stderr.write('\n')
    if (!await isYes(prompt, 'Ask Twilio whether these belong together, and for the account\'s TwiML apps and services? (Y/n) ', true)) return { answers, choices: {} }
    const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_API_KEY_SID: keySid, TWILIO_API_KEY_SECRET: keySecret, TWILIO_REGION } = answers
    const { outcomes, isRefused, choices } = await askAboutAccount({ accountSid: accountSid!, keySid: keySid!, keySecret: keySecret! }, TWILIO_REGION || 'us1', network)
    for (const { about, says } of outcomes) io.stderr.write(`${about}: ${says}\n`)
    if (!isRefused || !await isYes(prompt, 'Enter them again? (Y/n) ', true)) return { answers, choices }
    known = {}
  }
}

import t from 'tap'
import { MinuteAnswers } from '../../../src/callers/stores/minute-answers.js'
import { clock } from '../../helpers/clock.js'

/** A question that is answered with how often it was asked. */
function counted () {
  const question = { asked: 0, ask: async () => ++question.asked }
  return question
}

t.test('a caller is asked about once in a minute from the last question', async t => {
  const { now, pass } = clock()
  const answers = new MinuteAnswers<number>(now)
  const question = counted()
  t.equal(await answers.get('susan', question.ask), 1)
  pass(59_999)
  t.equal(await answers.get('susan', question.ask), 1)
  t.equal(await answers.get('juan', question.ask), 2)
  pass(2)
  t.equal(await answers.get('susan', question.ask), 3)
})

t.test('all who ask at once have one question', async t => {
  const answers = new MinuteAnswers<number>()
  const question = counted()
  t.same(await Promise.all(Array.from({ length: 100 }, () => answers.get('susan', question.ask))), Array(100).fill(1))
})

t.test('a question that fails is asked anew, and fails for all who wait', async t => {
  const answers = new MinuteAnswers<number>()
  const fail = async () => { throw new Error('away') }
  const failed = await Promise.allSettled([answers.get('susan', fail), answers.get('susan', fail)])
  t.same(failed.map(({ status }) => status), ['rejected', 'rejected'])
  t.equal(await answers.get('susan', counted().ask), 1)
})

t.test('a late failure takes nothing from a newer answer', async t => {
  const answers = new MinuteAnswers<number>()
  let fail: (error: Error) => void = () => {}
  const failing = answers.get('susan', () => new Promise((_resolve, reject) => { fail = reject }))
  answers.note('susan', 7, answers.asking())
  fail(new Error('away'))
  await t.rejects(failing)
  t.equal(await answers.get('susan', counted().ask), 7)
})

t.test('an answer to a question from before is not enough for whoever signed in after it', async t => {
  const answers = new MinuteAnswers<number>()
  const question = counted()
  const second = answers.asking().second
  t.equal(await answers.get('susan', question.ask), 1)
  t.equal(await answers.get('susan', question.ask, second - 1), 1)
  t.equal(await answers.get('susan', question.ask, second + 5), 2, 'asked anew')
  t.equal(answers.latest('susan'), 2)
  t.equal(answers.latest('juan'), undefined)
})

t.test('an answer that is noted is good for a minute from its question', async t => {
  const { now, pass } = clock()
  const answers = new MinuteAnswers<number>(now)
  const asked = answers.asking()
  pass(20_000)
  answers.note('susan', 7, asked)
  pass(39_999)
  t.equal(await answers.get('susan', counted().ask), 7)
  pass(2)
  t.equal(answers.latest('susan'), undefined)
  t.equal(await answers.get('susan', counted().ask), 1)
})

import t from 'tap'
import { codes, codesIn } from '../../src/explain/codes.js'
import { inProcess } from '../helpers/in-process.js'

t.test('explain tells cause and cure of each code', async t => {
  const explain = (...args: string[]) => inProcess(['explain', ...args])
  for (const code of Object.keys(codes)) {
    t.match(await explain(code), { code: 0, out: new RegExp(`^${code}  \\S[^]*\ncauses   - \\S[^]*\nlook     \\S[^]*\nfix      \\S`), err: '' }, code)
  }
  t.match(await explain('20107'), { out: /note {5}Voice tells the same as 31202, which its SDK shows as 53000\./ })
  t.match(await explain('31202'), { out: /note {5}The Voice SDK shows it as 53000, unless its Device is made with enableImproved/ })
  t.match(await explain('31204'), { out: /note {5}The Voice SDK shows it as 20101\.\n/ })
  t.match(await explain('ConnectionError', '(53000)'), { code: 0, out: /31202 \(wrong signature\)/ })
  t.match(await explain('20101', '99999'), { code: 1, out: /^20101/, err: /^99999 is not among/ })
  t.match(await explain('none'), { code: 2, err: /five digits/ })
  t.match(await explain(), { code: 0, out: /^20003 {2}.*\n20101 {2}/ })
  t.same(JSON.parse((await explain('--json')).out), codes)
  t.match(JSON.parse((await explain('20104', '12345', '--json')).out), [{ code: 20104, known: true, causes: [String] }, { code: 12345, known: false }])
  for (const { voice = 31202, shown = 53000 } of Object.values(codes)) t.ok(codes[codes[voice]!.shown!] && codes[shown], 'what a code points to is explained')
  t.equal(codesIn('a 120101 b').length, 0)
})

import t from 'tap'
import { codes, codesIn } from '../../src/diagnose/token/codes.js'
import { inProcess } from '../helpers/in-process.js'

t.test('explain tells cause and cure of each code', async t => {
  const explain = (...args: string[]) => inProcess(['explain', ...args])
  for (const code of Object.keys(codes)) {
    t.match(await explain(code), { code: 0, out: new RegExp(`^${code}  \\S[^]*\ncauses   - \\S[^]*\nlook     \\S[^]*\nfix      \\S`), err: '' }, code)
  }
  t.match(await explain('20107'), { out: /note {5}Voice reports the same error as 31202, which its SDK shows as 53000\./ })
  t.match(await explain('31202'), { out: /note {5}The Voice SDK shows it as 53000, unless its Device is made with enableImproved/ })
  t.match(await explain('31204'), { out: /note {5}The Voice SDK shows it as 20101\.\n/ })
  t.match(await explain('ConnectionError', '(53000)'), { code: 0, out: /31202 \(wrong signature\)/ })
  t.match(await explain('20101', '99999'), { code: 1, out: /^20101/, err: /^99999 is not known here; see https:\/\/www\.twilio\.com\/docs\/api\/errors\/99999\n$/ })
  t.match(await explain('none'), { code: 2, err: /five digits/ })
  t.match(await explain(), { code: 0, out: /^20003 {2}.*\n20101 {2}/ })
  for (const { voice = 31202, shown = 53000 } of Object.values(codes)) t.ok(codes[codes[voice]!.shown!] && codes[shown], 'what a code points to is explained')
  t.equal(codesIn('a 120101 b').length, 0)
})

t.test('explain --json is an array, with a code and without one', async t => {
  const json = async (...args: string[]) => JSON.parse((await inProcess(['explain', ...args, '--json'])).out) as unknown
  t.match(await json('20104', '12345'), [{ code: 20104, known: true, causes: [String] }, { code: 12345, known: false }])
  t.same(await json(), Object.entries(codes).map(([code, known]) => ({ code: Number(code), known: true, ...known })))
})

/** What a token, or the settings it is made of, does to bring a code about, and what helps. */
const causes: Array<{ code: number, cause: RegExp, fix: RegExp }> = [
  { code: 20152, cause: /cty is not twilio-fpa;v=1/, fix: /20102/ },
  { code: 20153, cause: /iss is not the API key/, fix: /20103/ },
  { code: 20154, cause: /a claim is missing or misspelt/, fix: /AccessToken/ },
  { code: 20159, cause: /the secret is not that of the API key/, fix: /20107/ },
  { code: 20403, cause: /suspended or closed/, fix: /no other token helps/ },
  { code: 50050, cause: /a service of another account or region/, fix: /TWILIO_CHAT_SERVICE_SID/ },
  { code: 50204, cause: /identity is missing from the token/, fix: /Put an identity into/ },
  { code: 51004, cause: /endpoint_id in the chat or data_sync grant/, fix: /Leave endpoint_id out/ },
  { code: 51006, cause: /the token ended/, fix: /tokenAboutToExpire/ },
  { code: 51007, cause: /service_sid is missing[^]*the grant of the product or the identity is missing[^]*ended/, fix: /service SID/ },
  { code: 51103, cause: /grants is missing/, fix: /Ask for the product/ },
  { code: 51104, cause: /service_sid is missing/, fix: /service SID/ },
  { code: 51105, cause: /grants\.identity is missing/, fix: /Put an identity into/ },
  { code: 51115, cause: /sub is not the account SID/, fix: /TWILIO_ACCOUNT_SID/ },
  { code: 51116, cause: /misspelt/, fix: /20106/ },
  { code: 51117, cause: /the secret is not that of the API key/, fix: /20107/ },
  { code: 51119, cause: /its time is over/, fix: /fresh token[^]*tokenAboutToExpire/ },
  { code: 51120, cause: /nbf is in the future/, fix: /Leave nbf out/ },
  { code: 51121, cause: /more than 24 hours/, fix: /86400/ },
  { code: 51122, cause: /the secret is not that of the API key/, fix: /of one account/ },
  { code: 51130, cause: /no token of Twilio's[^]*an update brought a token of another identity/, fix: /the same identity/ },
  { code: 51215, cause: /do not belong together/, fix: /Follow/ },
  { code: 54007, cause: /no permission for the token's identity/, fix: /turn ACLs off/ },
  { code: 54056, cause: /a Sync service of another account/, fix: /TWILIO_SYNC_SERVICE_SID/ },
  { code: 54351, cause: /empty, or has more than 256 characters/, fix: /1 to 256 characters/ }
]

t.test('codes of a refused token, by whatever server, name what is wrong with it', async t => {
  for (const { code, cause, fix } of causes) {
    const { out } = await inProcess(['explain', String(code)])
    t.match(/causes([^]*)\nlook/.exec(out)?.[1], cause, `${code}: ${out}`)
    t.match(/\nfix([^]*)$/.exec(out)?.[1], fix, `${code}: ${out}`)
  }
})

import t from 'tap'
import { allCodes, groupsOf, searchCodes, splitAtCodes } from '../../src/console/code-search.js'
import { localTime } from '../../src/console/local-time.js'

t.test('codes are found by a message, a part of the number, or words', t => {
  const cases: Array<{ text: string, known: number[], unknown?: number[] }> = [
    { text: 'AccessTokenInvalid (20101)', known: [20101] },
    { text: '53000, 99999 and 20104', known: [53000, 20104], unknown: [99999] },
    { text: '2015', known: [20151, 20152, 20153, 20154, 20155, 20156, 20157, 20159] },
    { text: 'TOO many api KEYS', known: [70151] },
    { text: 'no such words', known: [] }
  ]
  for (const { text, known, unknown = [] } of cases) {
    const found = searchCodes(text)
    t.strictSame(found.known.map(([code]) => code), known, text)
    t.strictSame(found.unknown, unknown, text)
  }
  t.ok(allCodes.length > 40)
  t.end()
})

t.test('no explanation takes this page for the Twilio Console', t => {
  for (const [code, { causes, look, fix }] of allCodes) {
    for (const text of [...causes, look, fix]) t.notMatch(text, /(?<!Twilio )\bconsole\b/i, `${code}: ${text}`)
  }
  t.end()
})

t.test('every code is in the group of its product, which its title then does not repeat', t => {
  const groups = groupsOf(allCodes)
  t.equal(groups.length, 6)
  t.strictSame(groups.flatMap(({ codes }) => codes.map(({ code }) => code)).sort(), allCodes.map(([code]) => code).sort())
  t.strictSame(groupsOf(searchCodes('20107 31202 53000').known), [
    { name: 'Tokens and the REST API', codes: [{ code: 20107, title: 'Invalid access token signature', match: undefined }] },
    { name: 'Voice', codes: [{ code: 31202, title: 'The signature is not right', match: undefined }] },
    { name: 'Video and signalling', codes: [{ code: 53000, title: 'The signalling connection failed', match: undefined }] }
  ])
  for (const { name, codes } of groups) t.equal(new Set(codes.map(({ title }) => title)).size, codes.length, `no title twice in ${name}`)
  t.end()
})

t.test('a code that is found by words of its explanation shows the sentence that has them', t => {
  const listed = (text: string) => groupsOf(searchCodes(text).known, text).flatMap(({ codes }) => codes)
  const cases: Array<{ text: string, code: number, match: RegExp | undefined }> = [
    { text: 'signature', code: 53000, match: /shows 31202 \(wrong signature\)/ },
    { text: 'signature', code: 20107, match: undefined },
    { text: 'signature SECRET', code: 20107, match: /^the secret is not that of the API key/ },
    { text: 'see 53000', code: 53000, match: undefined }
  ]
  for (const { text, code, match } of cases) {
    const found = listed(text).find(one => one.code === code)!
    if (match === undefined) t.equal(found.match, undefined, text)
    else t.match(found.match, match, text)
  }
  t.end()
})

t.test('a sentence is split at the codes that are explained, and at no other number', t => {
  t.strictSame(splitAtCodes('See 20107, or 31202.'), ['See ', '20107', ', or ', '31202', '.'])
  t.strictSame(splitAtCodes('at most 86400 seconds'), ['at most 86400 seconds'])
  t.end()
})

t.test('a time is in the reader\'s zone, and names it', t => {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const date = new Date('2026-11-24T04:00:00Z')
  t.equal(localTime(date), date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long', timeZone }))
  t.end()
})

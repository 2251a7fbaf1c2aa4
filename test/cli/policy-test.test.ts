import t from 'tap'
import { complete } from '../helpers/broker.js'
import { inProcess } from '../helpers/in-process.js'

const rules = `groups: { support: [juan] }
rules:
  - who: [susan]
    allow: { video: { rooms: ["lobby"] }, voice: { incoming: true } }
  - who: [group:support, jwt-group:staff]
    allow: { sync: {} }
`
const right = `tests:
  - { caller: susan, product: video, request: { room: lobby, ttl: 600 }, expect: allowed }
  - { caller: susan, product: video, request: { room: attic }, expect: refused }
  - { caller: juan, product: sync, expect: allowed }
  - { caller: maria, product: sync, expect: refused }
  - { caller: "jwt:eve", groups: [staff, admin], product: sync, expect: allowed }
  - { caller: "jwt:eve", product: sync, expect: refused }
`
const env = { ...complete, POLICY_FILE: 'policy.yaml' }
const run = (cwd: string, ...args: string[]) => inProcess(['policy', 'test', ...args], { env, cwd })

t.test('expectations that hold, in the policy, beside it, or in a file that is named', async t => {
  const places: Array<{ files: Record<string, string>, args?: string[] }> = [
    { files: { 'policy.yaml': rules + right } },
    { files: { 'policy.yaml': rules, 'policy.test.yaml': right } },
    { files: { 'policy.yaml': rules, 'ci.yaml': right }, args: ['ci.yaml'] }
  ]
  for (const { files, args = [] } of places) t.strictSame(await run(t.testdir(files), ...args), { code: 0, out: '6 of 6 tests passed\n', err: '' }, Object.keys(files).join())
  t.has(await run(t.testdir({ 'policy.yaml': rules + right, 'policy.test.yaml': right })), { code: 0, out: '12 of 12 tests passed\n' }, 'both count')
  t.match(await inProcess(['check', '--offline'], { env: { ...env, USERS_FILE: '', LOGIN_URL: 'http://127.0.0.1:1/' }, cwd: t.testdir({ 'policy.yaml': rules + right }) }), { code: 0 }, 'the broker takes a policy with tests')
})

const failing: Array<{ test: string, says: RegExp | string }> = [
  { test: '{ caller: susan, product: video, request: { room: attic }, expect: allowed }', says: 'susan, video: expected allowed, but it is refused: room: the policy does not allow this one' },
  { test: '{ caller: susan, product: video, expect: refused }', says: 'susan, video: expected refused, but it is allowed by policy.yaml:3:5, rule 1' },
  { test: '{ caller: maria, product: video, expect: allowed }', says: 'maria, video: expected allowed, but it is refused: No rule of the policy matches this name or its groups.' },
  { test: '{ caller: susan, product: video, request: { rooom: a }, expect: refused }', says: /^susan, video: .*has an unknown property; known are room/ },
  { test: '{ caller: susan, product: vidoe, expect: allowed }', says: 'susan, vidoe: vidoe is not an enabled product; did you mean video?' },
  { test: '{ caller: "a:b", product: video, expect: allowed }', says: 'a:b, video: a name holds none of : * { }' },
  { test: '{ caller: juan, groups: [x], product: sync, expect: allowed }', says: /^juan, sync: a users file has no groups/ }
]

t.test('each expectation that fails has a line with its place, and the exit code is 1', async t => {
  const cwd = t.testdir({ 'policy.yaml': `${rules}tests:\n${failing.map(({ test }) => `  - ${test}\n`).join('')}  - { caller: juan, product: sync, expect: allowed }\n` })
  const { code, out, err } = await run(cwd)
  t.has({ code, out }, { code: 1, out: `1 of ${failing.length + 1} tests passed\n` })
  const lines = err.trimEnd().split('\n')
  t.equal(lines.length, failing.length)
  for (const [i, { says }] of failing.entries()) {
    const [place, ...words] = lines[i]!.split(' ')
    t.equal(place, `policy.yaml:${8 + i}:5`)
    if (typeof says === 'string') t.equal(words.join(' '), says)
    else t.match(words.join(' '), says)
  }
  t.match(JSON.parse((await run(cwd, '--json')).out), { passed: 1, failed: [{ place: 'policy.yaml:8:5', caller: 'susan', product: 'video', request: { room: 'attic' }, expect: 'allowed', failure: /^expected allowed/ }] })
})

t.test('while a policy is tried out, what it would refuse counts as refused', async t => {
  t.has(await run(t.testdir({ 'policy.yaml': `mode: audit\n${rules}${right}` })), { code: 0, out: '6 of 6 tests passed\n' })
})

t.test('what cannot be tested is said, and is no success', async t => {
  const rows: Array<{ what: string, files: Record<string, string>, args?: string[], env?: Record<string, string>, code: number, err: RegExp }> = [
    { what: 'no tests', files: { 'policy.yaml': rules }, code: 1, err: /^nothing is expected: write tests into policy\.yaml, or into policy\.test\.yaml\n$/ },
    { what: 'no tests in a file', files: { 'policy.yaml': rules, 'a.yaml': '{}' }, args: ['a.yaml'], code: 1, err: /^nothing is expected: write tests into a\.yaml\n$/ },
    { what: 'no such file', files: { 'policy.yaml': rules }, args: ['a.yaml'], code: 78, err: /^a\.yaml cannot be used \(ENOENT\)/ },
    { what: 'a policy with mistakes', files: { 'policy.yaml': 'rules: []' }, code: 78, err: /^policy\.yaml:1:8 / },
    { what: 'a misspelt word', files: { 'policy.yaml': `${rules}tests: [{ caller: susan, product: video, expect: alowed }]` }, code: 78, err: /^policy\.yaml:7:\d+ expect must be allowed or refused/ },
    { what: 'a misspelt word in a file', files: { 'policy.yaml': rules, 'a.yaml': 'tests: [{ caler: susan }]' }, args: ['a.yaml'], code: 78, err: /^a\.yaml:1:\d+ / },
    { what: 'a file that is no YAML', files: { 'policy.yaml': rules, 'a.yaml': 'tests: [' }, args: ['a.yaml'], code: 78, err: /^a\.yaml:1:\d+ / },
    { what: 'no policy', files: {}, env: { POLICY_FILE: '' }, code: 78, err: /^POLICY_FILE is not set; set it to the path of the policy to test\n$/ }
  ]
  for (const { what, files, args = [], env: more = {}, code, err } of rows) {
    t.match(await inProcess(['policy', 'test', ...args], { env: { ...env, ...more }, cwd: t.testdir(files) }), { code, err }, what)
  }
})

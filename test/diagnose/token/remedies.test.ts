import t from 'tap'
import { codes } from '../../../src/diagnose/token/codes.js'
import type { Finding } from '../../../src/diagnose/token/findings.js'
import { inspect } from '../../helpers/inspect.js'
import { sameSecond, settings } from '../../helpers/made-token.js'
import { claims } from './broken/claims.js'
import { envelope } from './broken/envelope.js'
import { grants } from './broken/grants.js'
import { pasted } from './broken/pasted.js'
import { remedies } from './broken/remedies.js'
import type { Broken } from './broken/row.js'
import { times } from './broken/times.js'

sameSecond(t)
const broken = [...pasted, ...envelope, ...claims, ...times, ...grants]

async function findingOf ({ given, says, env = {} }: Broken): Promise<Finding> {
  const { findings } = JSON.parse((await inspect(given, { ...settings, ...env })).out) as { findings: Finding[] }
  return findings.find(finding => says.test(finding.says))!
}

t.test('each fault is told with what helps against it, and advice says that itself', async t => {
  const expected = new Map(remedies.flatMap(({ fix, of }) => of.map(what => [what, fix])))
  for (const row of broken) t.equal((await findingOf(row)).fix, expected.get(row.what), row.what)
  t.strictSame([...expected.keys()].sort(), broken.filter(({ advice }) => !advice).map(({ what }) => what).sort(), 'each has its remedy in the table')
})

t.test('no remedy of a code only asks for another token: the same program would make the same fault', async t => {
  for (const [code, { fix, causes }] of Object.entries(codes)) {
    if (causes.some(cause => /\bexp\b/.test(cause))) t.match(fix, /\bexp\b|\bttl\b|See \d{5}/, code)
    if (causes.some(cause => /misspelt/.test(cause))) t.notMatch(fix, /^Ask for/, code)
  }
})

import t from 'tap'
import { policyReader } from '../../../src/policy/file/read.js'
import { readJson } from '../../../src/policy/file/json.js'
import { builtIn } from '../../../src/products/load.js'
import { readingInTexts } from '../in-texts.js'

const left: Array<[says: string, text: string]> = [
  ['YAML', 'rules: []'],
  ['no text at all', ''],
  ['JSON and more', '{} {}'],
  ['a key that stands twice', '{"rules": [], "rules": [{}]}'],
  ['a key that stands twice, in two spellings', '{"a": {"b": 1, "\\u0062": 2}}'],
  ['a key that stands twice, behind a string that looks like one', '{"a": "\\":", "a": "\\\\"}'],
  ['what is nested deeper than the stack', `${'['.repeat(200_000)}${']'.repeat(200_000)}`]
]
for (const [says, text] of left) {
  t.test(`${says} is left to the reader of YAML`, async t => {
    t.equal(readJson(text), undefined)
  })
}

const taken: Array<[says: string, text: string]> = [
  ['a string that looks like a key', '{"a": "\\"b\\": 1", "c": ["d:", "e\\\\"], "f" : {"": ":"}}'],
  ['the same key in two maps', '[{"a": 1}, {"a": 2}]'],
  ['a key of every object', '{"__proto__": 1, "constructor": {"__proto__": null}}'],
  ['a map indented with tabs', '{\n\t"a": [\n\t\t1\n\t]\n}']
]
for (const [says, text] of taken) {
  t.test(`${says} is JSON`, async t => {
    t.equal(JSON.stringify(readJson(text)?.value), JSON.stringify(JSON.parse(text)))
  })
}

t.test('a policy in JSON has the mistakes, warnings and places that the same text has as YAML', async t => {
  const known = [...(await builtIn()).values()]
  const read = readingInTexts(policyReader({ enabled: known.slice(1), known }))
  const rules = [
    { who: ['susan'], allow: { chat: {}, video: { rooms: ['{x}'] } } },
    { who: ['*'], allow: {}, maxTtl: 1 },
    { who: ['juan'], allow: { viedo: {} } }
  ]
  for (const file of [{ rules }, { rules: rules.slice(1, 2) }, { mode: 'audit', rules: [{ who: ['*'], allow: {} }, { who: ['a'], allow: {} }] }, { rules: [{ who: ['*'], allow: {} }, { who: ['a'], allow: {} }, { who: ['b'], allow: {} }] }]) {
    const text = JSON.stringify(file, null, 2)
    t.not(readJson(text), undefined)
    // A comment makes YAML of it, and moves nothing.
    const [asJson, asYaml] = [await read(text, 'p'), await read(`${text}\n# comment`, 'p')]
    t.strictSame([asJson.mistakes, asJson.warnings], [asYaml.mistakes, asYaml.warnings])
    t.equal(await asJson.whereIs?.(0), await asYaml.whereIs?.(0))
    t.ok(asJson.mistakes.length + asJson.warnings.length > 0)
  }
})

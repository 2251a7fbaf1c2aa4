import t from 'tap'
import { policyReader } from '../../../src/policy/file/read.js'
import { readJson } from '../../../src/policy/file/json.js'
import { builtIn } from '../../../src/products/load.js'
import { readingInTexts } from '../in-texts.js'

const left: Array<{ name: string, text: string }> = [
  { name: 'YAML', text: 'rules: []' },
  { name: 'no text at all', text: '' },
  { name: 'JSON and more', text: '{} {}' },
  { name: 'a key that stands twice', text: '{"rules": [], "rules": [{}]}' },
  { name: 'a key that stands twice, in two spellings', text: '{"a": {"b": 1, "\\u0062": 2}}' },
  { name: 'a key that stands twice, behind a string that looks like one', text: '{"a": "\\":", "a": "\\\\"}' },
  { name: 'what is nested deeper than the stack', text: `${'['.repeat(200_000)}${']'.repeat(200_000)}` }
]
for (const { name, text } of left) {
  t.test(`${name} is left to the reader of YAML`, async t => {
    t.equal(readJson(text), undefined)
  })
}

const taken: Array<{ name: string, text: string }> = [
  { name: 'a string that looks like a key', text: '{"a": "\\"b\\": 1", "c": ["d:", "e\\\\"], "f" : {"": ":"}}' },
  { name: 'the same key in two maps', text: '[{"a": 1}, {"a": 2}]' },
  { name: 'a key of every object', text: '{"__proto__": 1, "constructor": {"__proto__": null}}' },
  { name: 'a map indented with tabs', text: '{\n\t"a": [\n\t\t1\n\t]\n}' }
]
for (const { name, text } of taken) {
  t.test(`${name} is JSON`, async t => {
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

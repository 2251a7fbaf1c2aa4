import t from 'tap'
import { readApiKey } from '../../src/settings/api-key.js'
import { schema } from '../../src/settings/schema.js'
import { missingSetting, validate } from '../../src/settings/validate.js'
import { Type } from '../../src/lib/typebox.js'

const values = {
  TWILIO_ACCOUNT_SID: [`AC${'a'.repeat(32)}`, `AC${'A0'.repeat(16)}`, `SK${'a'.repeat(32)}`, `AC${'a'.repeat(31)}`, `AC${'a'.repeat(33)}`, `AC${'a'.repeat(32)}\n`, 'x'],
  TWILIO_API_KEY_SID: [`SK${'a'.repeat(32)}`, `AC${'a'.repeat(32)}`, ` SK${'a'.repeat(32)}`],
  TWILIO_API_KEY_SECRET: ['secret', 'é😀', 'two words', 'quo"ted', '\u0000', 'line\n'],
  TWILIO_REGION: ['us1', 'ie1', 'IE1', 'us1 ', 'us', 'constructor']
}

t.test('the settings of the API key are taken where a start would take them', async t => {
  for (const [name, texts] of Object.entries(values) as Array<[keyof typeof values, string[]]>) {
    const only = Type.Object({ [name]: Type.Optional(schema.properties[name]) })
    for (const text of texts) {
      t.strictSame(await readApiKey({ [name]: text }, '/nonexistent'), validate(only, { [name]: text }, missingSetting).values, `${name} ${JSON.stringify(text)}`)
    }
    const { type, pattern, enum: words, description, ...others } = { ...schema.properties[name] } as Record<string, unknown>
    t.strictSame(others, {}, `${name} has no other keyword that would have to be checked`)
  }
  t.strictSame(await readApiKey({ TWILIO_REGION: 'ie1', TWILIO_ACCOUNT_SID: 'x' }, '/nonexistent'), { TWILIO_REGION: 'ie1' }, 'each by itself')
  t.strictSame(await readApiKey({}, '/nonexistent'), {}, 'none')
})

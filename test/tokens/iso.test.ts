import t from 'tap'
import { isoWriter } from '../../src/tokens/iso.js'

t.test('a time is written as Date writes it, whatever was written before', async t => {
  const iso = isoWriter()
  const times = [0, 0, 1, 0, 1_795_556_065_123, 1_795_556_065_123, 1_795_556_065_124, 1_795_556_065_123, -1]
  for (const time of times) t.equal(iso(time), new Date(time).toISOString(), String(time))
})

t.test('two writers do not share what they remember', async t => {
  const [one, other] = [isoWriter(), isoWriter()]
  t.equal(one(5), '1970-01-01T00:00:00.005Z')
  t.equal(other(7), '1970-01-01T00:00:00.007Z')
  t.equal(one(5), '1970-01-01T00:00:00.005Z')
})

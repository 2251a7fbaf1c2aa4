import { createHmac } from 'node:crypto'
import t from 'tap'
import { hs256 } from '../../src/tokens/hs256.js'

const bytes = (hex: string) => Buffer.from(hex, 'hex')

/** https://www.rfc-editor.org/rfc/rfc4231#section-4 */
const vectors = [
  ['a key of 20 bytes', bytes('0b'.repeat(20)), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  ['a key shorter than a digest', Buffer.from('Jefe'), 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  ['a block and more in all', bytes('aa'.repeat(20)), '\xdd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  ['bytes above 7 bits', bytes('0102030405060708090a0b0c0d0e0f10111213141516171819'), '\xcd'.repeat(50), '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b'],
  ['a key longer than a block', bytes('aa'.repeat(131)), 'Test Using Larger Than Block-Size Key - Hash Key First', '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'],
  ['a key and a text longer than a block', bytes('aa'.repeat(131)), 'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.', '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2']
] as const

for (const [name, key, text, expected] of vectors) {
  t.test(`RFC 4231: ${name}`, async t => {
    t.equal(hs256(key)(text), bytes(expected).toString('base64url'))
  })
}

t.test('a text of any length is signed as Node signs it, whatever was signed before', async t => {
  const key = Buffer.alloc(64, 'k')
  const sign = hs256(key)
  for (const length of [5000, 0, 2048, 1, 2049, 63, 64, 65, 9000, 440]) {
    const text = 'x'.repeat(length)
    t.equal(sign(text), createHmac('sha256', key).update(text).digest('base64url'), `${length} characters`)
  }
})

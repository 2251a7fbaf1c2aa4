import t from 'tap'
import { addressKeys } from '../../src/limits/address-buckets.js'

t.test('the buckets of an address', t => {
  const v6 = [{ key: '2001:db8:1:2::', times: 1 }, { key: '2001:db8:1::/48', times: 8 }]
  const none = [{ key: 'no-address', times: 1 }]
  const cases: Array<{ ip: string, keys: object[] }> = [
    { ip: '192.0.2.7', keys: [{ key: '192.0.2.7', times: 1 }] },
    { ip: '::ffff:192.0.2.7', keys: [{ key: '192.0.2.7', times: 1 }] },
    { ip: '::FFFF:c000:207', keys: [{ key: '192.0.2.7', times: 1 }] },
    { ip: '2001:db8:1:2:3:4:5:6', keys: v6 },
    { ip: '2001:DB8:1:2::', keys: v6 },
    { ip: '2001:0db8:0001:0002:ffff:ffff:ffff:ffff', keys: v6 },
    { ip: '2001:db8:1:3::1', keys: [{ key: '2001:db8:1:3::', times: 1 }, v6[1]!] },
    { ip: 'fe80::1%eth0', keys: [{ key: 'fe80::', times: 1 }, { key: 'fe80::/48', times: 8 }] },
    { ip: '', keys: none },
    { ip: 'unknown', keys: none },
    { ip: '192.0.2.7:4711', keys: none },
    { ip: '192.0.2', keys: none },
    { ip: '192.0.2.7, 192.0.2.8', keys: none },
    { ip: `2001:db8::${'0'.repeat(9000)}1`, keys: none }
  ]
  for (const { ip, keys } of cases) {
    t.strictSame(addressKeys(ip), keys, ip.slice(0, 50))
    t.strictSame(addressKeys(ip), keys, `${ip.slice(0, 50)} again`)
  }
  t.end()
})

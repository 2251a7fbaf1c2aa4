import { tmpdir } from 'node:os'
import t from 'tap'
import { bearerRules } from '../../src/settings/jwt.js'
import { readSettings } from '../helpers/settings.js'
import { complete } from '../helpers/broker.js'

const jwt = { JWT_ISSUER: 'https://idp.example/', JWT_AUDIENCE: 'broker' }
const read = (settings: Record<string, string>) => readSettings({ ...complete, ...settings }, tmpdir())

const remoteStores: Array<Record<string, string>> = [{ LOGIN_URL: 'https://app.example/login' }, { DATABASE_URL: 'postgres://db/app', USERS_QUERY: 'SELECT $1' }]

interface Row {
  name: string
  settings: Record<string, string>
  mistakes: RegExp[]
}

const mistaken: Row[] = [
  { name: 'no audience', settings: { JWT_AUDIENCE: '' }, mistakes: [/^JWT_AUDIENCE is missing: JWT_ISSUER needs/] },
  { name: 'an empty audience', settings: { JWT_AUDIENCE: 'a,,b' }, mistakes: [/^JWT_AUDIENCE: entry 2 is empty$/] },
  {
    name: 'no issuer beside the rest',
    settings: { JWT_ISSUER: '', JWT_MAX_AGE: '600', JWT_TYPE: 'JWT' },
    mistakes: [/^JWT_AUDIENCE goes with JWT_ISSUER only/, /^JWT_TYPE goes with/, /^JWT_MAX_AGE goes with/]
  },
  ...['http://idp.example/', 'idp.example', 'ftp://idp.example', 'https://a@idp.example', 'https://idp.example/?a', 'https://idp.example/#a', 'https://', ' https://idp.example', 'HTTPS://idp.example']
    .map((issuer): Row => ({
      name: `the issuer ${issuer}`,
      settings: { JWT_ISSUER: issuer },
      mistakes: [/^JWT_ISSUER must be the identity provider's URL, https:, or http: on this machine/]
    })),
  ...['http://idp.example/jwks', 'ftp://idp.example/jwks', 'HTTP://idp.example/'].map((keys): Row => ({
    name: `keys at ${keys}`,
    settings: { JWT_KEYS: keys },
    mistakes: [/^JWT_KEYS must be a URL/]
  })),
  ...['HS256', 'none', 'hs512'].map((name): Row => ({
    name: `the algorithm ${name}`,
    settings: { JWT_ALGORITHMS: `RS256,${name}` },
    mistakes: [/^JWT_ALGORITHMS: entry 2 must be one of RS256, .*this broker could make tokens itself/]
  })),
  {
    name: 'an algorithm that there is not',
    settings: { JWT_ALGORITHMS: 'RS512' },
    mistakes: [/^JWT_ALGORITHMS: entry 1 must be one of RS256, PS256, ES256, ES384, Ed25519$/]
  },
  { name: 'a template as the name', settings: { JWT_NAME: 'a_{sub}' }, mistakes: [/^JWT_NAME must be the name of a claim$/] },
  ...['{sub}', 'a{sub}b', '{a}{b}', 'a{', 'a_{}'].map((identity): Row => ({
    name: `the identity ${identity}`,
    settings: { JWT_IDENTITY: identity },
    mistakes: [/^JWT_IDENTITY must be/]
  })),
  { name: 'a pointer that is none', settings: { JWT_GROUPS: '/a~2' }, mistakes: [/^JWT_GROUPS must be/] },
  ...['azp', '=web', 'azp=', 'tenant=9007199254740993', 'tenant=1e999', 'azp="web', 'azp="a"b"'].map((required): Row => ({
    name: `requiring ${required}`,
    settings: { JWT_REQUIRE: required },
    mistakes: [/^JWT_REQUIRE: entry 1 must be a claim and its value/]
  })),
  {
    name: 'one claim twice',
    settings: { JWT_REQUIRE: 'azp=a,tenant=7,azp=b' },
    mistakes: [/^JWT_REQUIRE: entry 3 names a claim that an earlier entry names/]
  },
  { name: 'a type that is none', settings: { JWT_TYPE: 'jwt' }, mistakes: [/^JWT_TYPE must be JWT or at\+jwt/] },
  { name: 'an age of no seconds', settings: { JWT_MAX_AGE: '0' }, mistakes: [/^JWT_MAX_AGE must be a whole number of seconds, 1 to/] },
  ...remoteStores.flatMap((store): Row[] => [
    { name: 'no prefix beside a remote store', settings: store, mistakes: [/^JWT_IDENTITY must begin with a fixed text/] },
    {
      name: 'a claim beside a remote store',
      settings: { ...store, JWT_IDENTITY: 'sub' },
      mistakes: [/^JWT_IDENTITY must begin with a fixed text/]
    },
    {
      name: 'a template that is none beside a remote store',
      settings: { ...store, JWT_IDENTITY: '{sub}' },
      mistakes: [/^JWT_IDENTITY must be the name/]
    },
    { name: 'a prefix beside a remote store', settings: { ...store, JWT_IDENTITY: 'idp_{sub}' }, mistakes: [] }
  ]),
  { name: 'operators with a token', settings: { OPERATORS: 'jwt:olga@example.com,jwt-group:operators' }, mistakes: [] },
  {
    name: 'operators with a token beside a users file',
    settings: { OPERATORS: 'jwt:olga', USERS_FILE: 'users' },
    mistakes: [/^OPERATORS: entry 1 is only allowed without a store of callers: name callers of USERS_FILE instead$/]
  },
  {
    name: 'operators with a token without an issuer',
    settings: { OPERATORS: 'jwt-group:a', JWT_ISSUER: '', JWT_AUDIENCE: '' },
    mistakes: [/^OPERATORS: entry 1 goes with JWT_ISSUER only$/]
  },
  {
    name: 'operators whose name or group is none',
    settings: { OPERATORS: 'jwt:,jwt-group:,jwt:a*,a:b' },
    mistakes: [
      /^OPERATORS: entry 1 is not a caller's name/,
      /^OPERATORS: entry 2 names no group/,
      /^OPERATORS: entry 3 is no/,
      /^OPERATORS: entry 4 is no/
    ]
  }
]

for (const { name, settings, mistakes } of mistaken) {
  t.test(`settings of bearer tokens: ${name}`, async t => {
    const found = (await read({ ...jwt, ...settings })).mistakes
    t.match(found, mistakes)
    t.equal(found.length, mistakes.length, String(found))
    for (const value of Object.values(settings).filter(value => value.length > 12)) t.notMatch(found.join(), value, 'no value is repeated')
  })
}

t.test('what the settings mean', async t => {
  const rules = async (settings: Record<string, string> = {}) => bearerRules((await read({ ...jwt, ...settings })).settings)
  t.same(await rules(), {
    issuer: 'https://idp.example/',
    audience: ['broker'],
    algorithms: ['RS256', 'ES256'],
    nameClaim: 'sub',
    identity: { prefix: '', claim: 'sub' },
    groups: undefined,
    required: new Map(),
    type: 'JWT',
    maxAge: 86_400
  })
  t.has(await rules({ JWT_AUDIENCE: 'a, b', JWT_ALGORITHMS: 'Ed25519', JWT_NAME: 'email', JWT_TYPE: 'at+jwt', JWT_MAX_AGE: '600' }), {
    audience: ['a', 'b'], algorithms: ['Ed25519'], nameClaim: 'email', identity: { prefix: '', claim: 'email' }, type: 'at+jwt', maxAge: 600
  })
  t.same((await rules({ JWT_IDENTITY: 'idp_{oid}' }))!.identity, { prefix: 'idp_', claim: 'oid' })
  for (const [written, path] of [['groups', ['groups']], ['https://app.example/groups', ['https://app.example/groups']], ['/realm_access/roles', ['realm_access', 'roles']], ['/a~1b/c~0d', ['a/b', 'c~d']]] as const) {
    t.same((await rules({ JWT_GROUPS: written }))!.groups, path)
  }
  t.same([...(await rules({ JWT_REQUIRE: 'azp=web, tenant=7,level=-1.5e2,staff=true,guest=false,code="7",plan=a=b,none=null' }))!.required], [
    ['azp', 'web'], ['tenant', 7], ['level', -150], ['staff', true], ['guest', false], ['code', '7'], ['plan', 'a=b'], ['none', 'null']
  ])
  for (const issuer of ['http://localhost:8080/realms/a', 'http://127.0.0.1/', 'http://[::1]:1/']) t.has(await rules({ JWT_ISSUER: issuer }), { issuer }, 'http: on this machine')
  t.equal(bearerRules((await read({})).settings), undefined)
})

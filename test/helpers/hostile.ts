import type { Test } from 'tap'
import { basic, susan, type AuditLine } from './broker.js'
import { ask, type Ask } from './http.js'

/** Allowed to ask; others are not. */
export const origin = 'https://app.example.com'
// sam's right credentials end in padding, so that only their form can be what is refused.
export const users = { susan: 'secret123', sam: 'secret123', colon: 'pass:word', zoë: 'caf\u00e9 12345' }
const sam = basic('sam', 'secret123')
const base64 = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`
const latin1 = (text: string) => base64(Buffer.from(text, 'latin1'))

interface Case extends Ask {
  name: string
  status: number
  code?: string
  /** Whether the request brings credentials, and so has a line in the audit. */
  audited?: boolean
  /** Whether the server refuses it before anything of ours is asked; inside an application that is its own server. */
  byServer?: boolean
}

const wrong = { status: 401, code: 'credentials-wrong', audited: true }
const invalid = { as: susan, status: 400, code: 'request-invalid', audited: true }
const ttl = (value: unknown) => ({ ...invalid, name: `a ttl of ${JSON.stringify(value)}`, body: { ttl: value } })
const refusedMedia = (name: string, headers: Ask['headers']) =>
  ({ name, as: susan, body: '{}', headers: headers!, status: 415, code: 'media-type', audited: true })
const elsewhere = (path: string, status = 404) => ({ name: `${path} with credentials`, path, as: susan, status })

const cases: Case[] = [
  { name: 'no Authorization', status: 401, code: 'credentials-missing' },
  { name: 'Bearer', as: 'Bearer x', status: 401, code: 'credentials-missing' },
  { name: 'Basic without credentials', as: 'Basic', ...wrong },
  { name: 'Basic with what is not base64', as: 'Basic !!!', ...wrong },
  { name: 'no colon', as: base64('susan'), ...wrong },
  { name: 'an empty name', as: base64(':secret123'), ...wrong },
  { name: 'an empty password', as: base64('susan:'), ...wrong },
  { name: 'base64 with junk before it', as: `Basic !${susan.slice(6)}`, ...wrong },
  { name: 'base64 without its padding', as: sam.replaceAll('=', ''), ...wrong },
  { name: 'base64 with more after the padding', as: `${sam}AAAA`, ...wrong },
  { name: 'base64 with bits left over', as: sam.replace('Mw==', 'Mx=='), ...wrong },
  { name: 'NUL in the name', as: base64('su\0san:secret123'), ...wrong },
  { name: 'a line break in the name', as: base64('su\r\nsan:secret123'), ...wrong },
  { name: 'a control character in the password', as: base64('susan:secret\u0001123'), ...wrong },
  { name: 'a C1 control character in the name', as: base64('su\u0085san:secret123'), ...wrong },
  { name: 'bytes that are not UTF-8', as: base64(Buffer.from([0x73, 0xff, 0x3a, 0x70])), ...wrong },
  { name: 'Latin-1 in place of UTF-8', as: latin1('zo\u00eb:caf\u00e9 12345'), ...wrong },
  { name: 'a password of 3 kB', as: base64(`susan:${'x'.repeat(3000)}`), ...wrong },
  ...['__proto__', 'constructor', 'toString', '<script>', "'; DROP TABLE users --"]
    .map(name => ({ name: `${name} as a name`, as: basic(name, 'secret123'), ...wrong })),
  { name: 'a name in another case', as: basic('Susan', 'secret123'), ...wrong },
  { name: 'blanks around the name', as: basic(' susan ', 'secret123'), ...wrong },
  { name: 'the same credentials in their canonical form', as: sam, status: 200 },
  { name: 'a password that holds a colon', as: basic('colon', 'pass:word'), status: 200 },
  { name: 'a scheme spelt bAsIc', as: susan.replace('Basic', 'bAsIc'), status: 200 },
  { name: 'the NFD spelling of an NFC name and password', as: basic('zoe\u0308', 'cafe\u0301 12345'), status: 200 },
  ...['?password=secret123', '?identity=bob', '?ttl=1e9', '?__proto__[x]=1', '?x']
    .map(query => ({ ...invalid, name: `the query ${query}`, path: `/token/video${query}` })),
  { ...invalid, name: 'a query with GET', method: 'GET', path: '/token/video?room=x' },
  ...['HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'OPTIONS', 'PROPFIND', 'SEARCH']
    .flatMap(method => ['/token', '/token/video', '/token/nope'].map(path =>
      ({ name: `${method} ${path}`, method, path, as: susan, status: 405, ...(method !== 'HEAD' && { code: 'method-not-allowed' }) }))),
  { name: 'GET /token', method: 'GET', path: '/token', as: susan, status: 405, code: 'method-not-allowed' },
  { name: 'the right credentials from a refused origin', as: susan, headers: { Origin: 'https://evil.test' }, status: 403, code: 'origin-refused', audited: true },
  { name: 'the right credentials from an opaque origin', as: susan, headers: { Origin: 'null' }, status: 403, code: 'origin-refused', audited: true },
  ...['no-cors', 'navigate', 'websocket'].map(mode =>
    ({ name: `Sec-Fetch-Mode: ${mode}`, as: susan, headers: { 'Sec-Fetch-Mode': mode }, status: 403, code: 'origin-refused', audited: true })),
  { name: 'an unknown product without credentials', path: '/token/nope', status: 401, code: 'credentials-missing' },
  { name: 'an unknown product with credentials', path: '/token/nope', as: susan, status: 404, code: 'product-unknown', audited: true },
  ...['/token/voice/', '//token/voice', '/TOKEN/voice', '/token/Voice', '/token/voice%00', '/token/voice;x=1', '/token/voice%2F', '/token/%2e%2e/healthz',
    '/token/', '/token//voice', '/token/voice%20', '/tokens/voice'].map(path => elsewhere(path)),
  { ...invalid, name: 'a path that does not decode', path: '/token/%zz', byServer: true },
  { name: 'a path that does not decode, without credentials', path: '/token/%zz', status: 400, code: 'request-invalid', byServer: true },
  { name: 'malformed JSON without credentials', body: '{', status: 401, code: 'credentials-missing' },
  { ...invalid, name: 'malformed JSON', body: '{' },
  { ...invalid, name: '__proto__ as a key', body: '{"__proto__":{"room":"x"}}' },
  { ...invalid, name: '__proto__ as an escaped key', body: '{"\\u005f\\u005fproto__":{"room":"x"}}' },
  { ...invalid, name: 'constructor.prototype as keys', body: '{"constructor":{"prototype":{"room":"x"}}}' },
  { ...invalid, name: 'an unknown property', body: { rooms: 'x' } },
  { ...invalid, name: 'a room that is a number', body: { room: 123 } },
  { ...invalid, name: 'an empty room, which would be any', body: { room: '' } },
  { ...invalid, name: 'an empty identity', body: { identity: '' } },
  ...['\n', '\r', '\t', '\u007f', '\u009b', '\u2028', '\u2029'].map(character =>
    ({ ...invalid, name: `U+${character.codePointAt(0)!.toString(16)} in an identity`, body: { identity: `a${character}b` } })),
  { ...invalid, name: 'null', body: 'null' },
  { ...invalid, name: 'an array', body: ['a'] },
  { ...invalid, name: 'a string', body: '"room"' },
  ...['3600', 179, 86401, 1.5, -5, null, true, 1e300].map(ttl),
  { ...invalid, name: 'half a surrogate pair', body: '{"room":"\\ud800"}' },
  { ...invalid, name: 'NUL in a string', body: '{"room":"a\\u0000b"}' },
  { ...invalid, name: 'NUL in a key', body: '{"a\\u0000b":1}' },
  { ...invalid, name: 'bytes that are not UTF-8 in the body', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]) },
  { ...invalid, name: 'an array as deep as a body can be', body: '['.repeat(2000) + ']'.repeat(2000) },
  ...['', '{', '{"__proto__":1}', 'x'.repeat(100_000)].map(body =>
    ({ name: `a path that is none, with ${body.length} bytes of JSON`, path: '/nothing', headers: { 'Content-Type': 'application/json', 'Content-Length': '', 'Transfer-Encoding': 'chunked' }, body, status: 404, code: 'not-found' })),
  refusedMedia('text/plain', { 'Content-Type': 'text/plain' }),
  refusedMedia('a form', { 'Content-Type': 'application/x-www-form-urlencoded' }),
  refusedMedia('another JSON', { 'Content-Type': 'application/vnd.api+json' }),
  refusedMedia('a type that only begins as JSON', { 'Content-Type': 'application/jsonx' }),
  refusedMedia('what is no media type', { 'Content-Type': 'json' }),
  refusedMedia('no type', { 'Content-Type': '' }),
  refusedMedia('UTF-16', { 'Content-Type': 'application/json; charset=utf-16' }),
  refusedMedia('a compressed body', { 'Content-Encoding': 'gzip' }),
  { name: 'a body of 8 kB', as: susan, body: { room: 'x'.repeat(8000) }, status: 413, code: 'body-too-large', audited: true },
  { name: 'an array 100 000 deep, which is too large before it is too deep', as: susan, body: '['.repeat(100_000), status: 413, code: 'body-too-large', audited: true },
  { name: 'a header of 17 kB', as: susan, headers: { 'X-Long': 'x'.repeat(17_000) }, status: 431, code: 'headers-too-large', byServer: true },
  { name: 'JSON in UTF-8 that says so', as: susan, body: '{}', headers: { 'Content-Type': 'application/json; charset="UTF-8"' }, status: 200 },
  { name: 'JSON behind a byte order mark, which RFC 8259 lets a parser ignore', as: susan, body: '\ufeff{}', status: 200 },
  { name: 'no body with the type of JSON', as: susan, headers: { 'Content-Type': 'application/json' }, status: 200 },
  { name: 'no body with another type', as: susan, headers: { 'Content-Type': 'text/plain' }, status: 200 },
  { name: 'a chunked body that is empty', as: susan, headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }, status: 200 }
]

interface Attacked {
  url: string
  audit (): Promise<AuditLine[]>
}

/** Sends each of them. @param prefix where the broker lives in an application */
export async function withstands (t: Test, broker: Attacked, prefix = ''): Promise<void> {
  for (const { name, status, code, audited, byServer, ...request } of cases) {
    const before = (await broker.audit()).length
    const answer = await ask(broker.url, { ...request, path: prefix + (request.path ?? '/token/video') })
    t.equal(answer.status, status, name)
    const lines = (await broker.audit()).slice(before)
    t.notOk(lines.some(line => line.event === 'token.issued' && status !== 200), `${name}: nothing was signed`)
    if (byServer && prefix !== '') continue
    if (code !== undefined) {
      t.has(answer, { body: { code, status, type: 'about:blank' } }, `${name}: the code`)
      t.match(answer.headers['content-type'], /^application\/problem\+json/, `${name}: the code`)
    }
    if (status !== 200) t.notMatch(answer.text, /secret123|<script>|DROP|__proto__|rooms|bob|"token"/, `${name}: no echo`)
    const recorded = lines.map(({ event, code }) => ({ event, code }))
    if (status === 200) t.strictSame(recorded, [{ event: 'token.issued', code: undefined }], `${name}: the token's line`)
    else if (code !== undefined) t.strictSame(recorded, audited ? [{ event: 'token.refused', code }] : [], `${name}: the refusal's line`)
  }
}

import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import express from 'express'
import t, { type Test } from 'tap'
import { basic, startBroker } from './helpers/broker.js'
import { ask } from './helpers/http.js'
import { root } from './helpers/root.js'

const page = await readFile(join(root, 'docs/beside-your-stack.md'), 'utf8')
/** The code blocks of the page, by the file that their first line names. */
const code = Object.fromEntries([...page.matchAll(/^```(?:js|python)\n(?:\/\/|#) ([^\s:,]+)([^]*?)^```/gm)].map(([block, name]) => [name, block.split('\n').slice(1, -1).join('\n')]))
const policy = /```yaml\n([^`]*)```/.exec(page)![1]!

const pageOrigin = 'https://app.example.com'

function hasPython (): boolean {
  try {
    execFileSync('python3', ['--version'])
    return true
  } catch {
    return false
  }
}

interface PageAsk {
  title: string
  product?: string
  user?: number
  headers?: Record<string, string>
  body?: object
  gets: object
  /** The framework sees to it, before the code of the page. */
  notInDjango?: true
}

const rows: PageAsk[] = [
  { title: 'a user who is signed in', user: 7, gets: { status: 200, body: { identity: 'user-7', token: /^eyJ/ } } },
  { title: 'what the page asks for', user: 7, body: { room: 'lobby', ttl: 600 }, gets: { status: 200, body: { expiresIn: 600 } } },
  { title: 'a page that says it is somebody else', user: 7, body: { identity: 'user-8' }, gets: { status: 200, body: { identity: 'user-7' } } },
  { title: 'nobody', gets: { status: 401, body: { code: 'credentials-missing' } } },
  { title: 'a product that is off', user: 7, product: 'sync', gets: { status: 404 } },
  { title: 'a way out of the path', user: 7, product: '..', gets: { status: 404 } },
  { title: 'what the broker refuses', user: 7, body: { ttl: 1 }, gets: { status: 400, body: { code: 'request-invalid' } } },
  { title: 'a page of another site', user: 7, headers: { origin: 'https://evil.example' }, gets: { status: 403 }, notInDjango: true },
  { title: 'a form of another site', user: 7, headers: { origin: '', 'x-requested-with': '' }, gets: { status: 403 }, notInDjango: true }
]

const headersOf = ({ user, headers = {} }: PageAsk) => Object.fromEntries(Object.entries({
  'content-type': 'application/json', origin: pageOrigin, 'x-requested-with': 'fetch', ...(user !== undefined && { cookie: `user=${user}` }), ...headers
}).filter(([, value]) => value !== ''))

/** The code in a folder of its own, and the broker that it asks. */
async function setUp (t: Test, files: Record<string, string>, settings: Record<string, string> = {}) {
  const broker = await startBroker({ settings: { POLICY_FILE: 'policy.yaml', ...settings }, users: { backend: 'secret of the backend' }, files: { 'policy.yaml': policy } })
  t.teardown(broker.close)
  const before = { ...process.env }
  Object.assign(process.env, { BROKER_URL: broker.url, BROKER_PASSWORD: 'secret of the backend', PAGE_ORIGIN: pageOrigin, LOGIN_SECRET: 'secret of the login' })
  t.teardown(() => { process.env = before })
  const folder = t.testdir({ 'package.json': '{"type":"module"}', ...files } as Parameters<typeof t.testdir>[0])
  return { broker, folder, load: async (name: string) => await import(pathToFileURL(join(folder, name)).href) as Record<string, unknown> }
}

type Route = Parameters<ReturnType<typeof express>['use']>[0]

async function serve (t: Test, ...routes: Route[]): Promise<string> {
  const app = express()
  app.use((request, _response, next) => {
    Object.assign(request, { session: { userId: /user=(\d+)/.exec(request.headers.cookie ?? '')?.[1] } })
    next()
  })
  for (const route of routes) app.use(route)
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('Express asks for its users', async t => {
  const { load, broker } = await setUp(t, { 'broker.js': code['broker.js']!, 'routes.js': code['routes.js']! })
  const url = await serve(t, (await load('routes.js')).routes as Route)
  for (const row of rows) {
    const { product = 'video', body = {}, gets, title } = row
    t.match(await ask(url, { path: `/twilio/token/${product.replaceAll('.', '%2e')}`, headers: headersOf(row), body }), gets, title)
  }
  t.has((await broker.audit())[0], { caller: 'backend', identity: 'user-7' })
})

t.test('a backend whose password is wrong is the server\'s own failure, and not its user\'s', async t => {
  const { load } = await setUp(t, { 'broker.js': code['broker.js']!.replace('backend:', 'backend:x') })
  const { askBroker } = await load('broker.js') as { askBroker: (...args: unknown[]) => Promise<Response> }
  t.equal((await askBroker('video', 'user-7', {})).status, 502)
})

t.test('Next.js asks for its users', async t => {
  const route = 'app/twilio/token/[product]/route.js'
  const { load } = await setUp(t, {
    'broker.js': code['broker.js']!,
    'session.js': 'export const getUserId = async request => /user=(\\d+)/.exec(request.headers.get(\'cookie\') ?? \'\')?.[1]',
    app: { twilio: { token: { '[product]': { 'route.js': code[route]! } } } } as unknown as string
  })
  const { POST } = await load(route) as { POST: (request: Request, context: object) => Promise<Response> }
  for (const row of rows) {
    const { product = 'video', body = {}, gets, title } = row
    const answer = await POST(new Request(`${pageOrigin}/twilio/token/x`, { method: 'POST', headers: headersOf(row), body: JSON.stringify(body) }), { params: Promise.resolve({ product }) })
    t.match({ status: answer.status, body: await answer.json() }, gets, title)
  }
})

/** As much of Django as the code of the page uses. */
const django = {
  '__init__.py': '',
  'http.py': `class HttpResponse:
    def __init__(self, status=200): self.status, self.data = status, None
class JsonResponse(HttpResponse):
    def __init__(self, data, status=200, headers=None): self.status, self.data = status, data
`,
  contrib: {
    '__init__.py': '',
    auth: {
      '__init__.py': `class Groups:
    def values_list(self, name, flat): return ["staff"]
class User:
    pk = 7
    groups = Groups()
    def get_username(self): return "susan"
def authenticate(request, username, password): return User() if (username, password) == ("susan", "secret123") else None
`
    }
  },
  views: {
    '__init__.py': '',
    decorators: {
      '__init__.py': '',
      'http.py': 'def require_POST(view): return view\n',
      'csrf.py': 'def csrf_exempt(view): return view\n'
    }
  }
}

const driver = `import json, sys
from types import SimpleNamespace as Object
view = getattr(__import__(sys.argv[1]), sys.argv[2])
for row in json.loads(sys.argv[3]):
    user = row.get("user")
    request = Object(user=Object(is_authenticated=user is not None, pk=user), body=json.dumps(row.get("body", {})).encode(), headers=row.get("headers", {}))
    answer = view(request, *row.get("args", []))
    print(json.dumps({"status": answer.status, "body": answer.data}))
`

async function inPython (folder: string, module: string, view: string, sent: object[]): Promise<object[]> {
  const { stdout } = await promisify(execFile)('python3', ['drive.py', module, view, JSON.stringify(sent)], { cwd: folder, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } })
  return stdout.trim().split('\n').map(line => JSON.parse(line) as object)
}

t.test('Django asks for its users', { skip: !hasPython() && 'Python is not installed' }, async t => {
  const python = [...page.matchAll(/^```python\n# ([\w.]+)([^]*?)^```/gm)].map(([block, name]) => [name!, block.split('\n').slice(1, -1).join('\n')])
  const { folder } = await setUp(t, { django: django as unknown as string, 'drive.py': driver, ...Object.fromEntries(python) })
  const asked = rows.filter(({ notInDjango }) => !notInDjango)
  const answers = await inPython(folder, 'views', 'twilio_token', asked.map(({ user, body = {}, product = 'video' }) => ({ user, body, args: [product] })))
  for (const [i, { title, gets }] of asked.entries()) t.match(answers[i], gets, title)

  const own = basic('broker', 'secret of the login')
  t.has(await inPython(folder, 'login', 'broker_login', [
    { headers: { Authorization: own }, body: { username: 'susan', password: 'secret123' } },
    { headers: { Authorization: own }, body: { username: 'susan', password: 'wrong' } },
    { headers: {}, body: { username: 'susan', password: 'secret123' } }
  ]), [{ status: 200, body: { name: 'susan', identity: 'user-7', groups: ['staff'] } }, { status: 401 }, { status: 404 }])
})

t.test('Express\' login is the store of callers', async t => {
  const users = 'export const findUser = async (name, password) => name === \'susan\' && password === \'secret123\' ? { name, id: 7, roles: [\'staff\'] } : null'
  const { load } = await setUp(t, { 'login.js': code['login.js']!, 'users.js': users })
  const url = await serve(t, (await load('login.js')).login as Route)
  const broker = await startBroker({ settings: { LOGIN_URL: `${url.replace('//', '//broker:secret%20of%20the%20login@')}/broker-login`, POLICY_FILE: 'policy.yaml' }, files: { 'policy.yaml': 'rules: [{ who: ["group:staff"], allow: { video: {} } }]' } })
  t.teardown(broker.close)
  t.has(await ask(broker.url, { as: basic('susan', 'secret123') }), { status: 200, body: { identity: 'user-7' } })
  t.match(await ask(broker.url, { as: basic('susan', 'wrong') }), { status: 401 })
  t.equal((await ask(url, { path: '/broker-login', body: { username: 'susan', password: 'secret123' } })).status, 404, 'nobody else can guess there')
})

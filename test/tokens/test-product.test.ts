import t from 'tap'
import video from '../../plugins/video.js'
import voice from '../../plugins/voice.js'
import { defineProduct, Patterns, testProduct, Type, type Product, type ProductTest } from '../../src/product.js'
import taskrouter from '../fakes/products/taskrouter.js'

const app = `AP${'0'.repeat(32)}`
const workspace = `WS${'1'.repeat(32)}`
const worker = `WK${'2'.repeat(32)}`

const fax = defineProduct({
  name: 'fax',
  settings: Type.Object({ FAX_PAGES: Type.Integer({ minimum: 1 }), FAX_PAPER: Type.String({ default: 'A4' }) }),
  request: Type.Object({ to: Type.String(), copies: Type.Integer({ default: 1 }) }),
  allow: Type.Object({ to: Type.Optional(Patterns) }),
  identity: { maxLength: 5, characters: /[a-z]/, described: 'small letters' },
  grant: ({ settings, request, allow, identity, choose }) => ({ key: 'fax', toPayload: () => ({ ...settings, ...request, to: choose('to', request.to, allow.to), identity }) })
})

interface Row {
  title: string
  product: Product
  asked?: ProductTest
  grant: object
}

const granted: Row[] = [
  { title: 'nothing but the product', product: video, grant: { key: 'video', payload: {} } },
  { title: 'what is asked for', product: video, asked: { request: { room: 'lobby' }, allow: { rooms: ['lob*'] } }, grant: { key: 'video', payload: { room: 'lobby' } } },
  { title: 'the one room that the policy leaves', product: video, asked: { allow: { rooms: ['{caller}\'s room'] }, identity: 'mia' }, grant: { key: 'video', payload: { room: 'mia\'s room' } } },
  { title: 'settings, and a map in the request', product: voice, asked: { settings: { TWILIO_TWIML_APP_SID: app }, request: { incoming: false, params: { To: 'bob' } } }, grant: { key: 'voice', payload: { outgoing: { application_sid: app, params: { To: 'bob' } } } } },
  { title: 'a third party\'s', product: taskrouter, asked: { settings: { TWILIO_TASKROUTER_WORKSPACE_SID: workspace }, request: { worker } }, grant: { key: 'task_router', payload: { workspace_sid: workspace, worker_sid: worker, role: 'worker' } } },
  { title: 'settings as the environment has them, and defaults', product: fax, asked: { settings: { FAX_PAGES: '3' }, request: { to: '1' }, identity: 'mia' }, grant: { key: 'fax', payload: { FAX_PAGES: 3, FAX_PAPER: 'A4', to: '1', copies: 1, identity: 'mia' } } }
]

t.test('testProduct gives a product\'s part of the token without a server', async t => {
  for (const { title, product, asked, grant } of granted) t.strictSame(testProduct(product, asked), grant, title)
  const request = { to: '1' }
  testProduct(fax, { settings: { FAX_PAGES: 1 }, request })
  t.strictSame(request, { to: '1' }, 'what it is given stays as it was')
})

const settings = { FAX_PAGES: 3 }
const refused: Array<{ title: string, product: Product, asked: ProductTest, problem: object }> = [
  { title: 'a room that no pattern allows', product: video, asked: { request: { room: 'attic' }, allow: { rooms: ['lobby'] } }, problem: { code: 'not-allowed', status: 403, message: 'room: the policy does not allow this one.' } },
  { title: 'a property that there is not', product: video, asked: { request: { Room: 'a' } }, problem: { code: 'request-invalid', status: 400, options: { errors: [{ path: '', message: 'has an unknown property; known are room' }] } } },
  { title: 'a property of the broker', product: video, asked: { request: { ttl: 600 } }, problem: { code: 'request-invalid', status: 400 } },
  { title: 'a property that is missing', product: fax, asked: { settings }, problem: { code: 'request-invalid', status: 400, options: { errors: [{ path: '/to' }] } } },
  { title: 'what the product calls nonsense', product: voice, asked: { request: { params: {}, outgoing: false } }, problem: { code: 'request-invalid', status: 400, options: { errors: [{ path: '/params' }] } } },
  { title: 'an identity that does not fit', product: fax, asked: { settings, request: { to: '1' }, identity: 'Mia' }, problem: { code: 'identity-unsuitable', status: 422 } }
]

t.test('testProduct refuses as the broker does', async t => {
  for (const { title, product, asked, problem } of refused) t.throws(() => testProduct(product, asked), { name: 'Problem', ...problem }, title)
})

const fields = { name: 'fax', settings: Type.Object({}), request: Type.Object({}), allow: Type.Object({ pages: Type.Optional(Type.Object({ max: Type.Integer() })) }) }
let calls = 0
const mistakes: Array<{ title: string, product: Product, asked?: ProductTest, says: RegExp | string }> = [
  { title: 'a setting that is missing', product: fax, asked: { request: { to: '1' } }, says: 'product fax: settings must have required property \'FAX_PAGES\'' },
  { title: 'settings that are not right', product: fax, asked: { settings: { FAX_PAGES: 'many' } }, says: 'product fax: settings/FAX_PAGES must be integer' },
  { title: 'a misspelt setting', product: fax, asked: { settings: { FAX_PAGE: 1 } }, says: 'product fax: FAX_PAGE is not among its settings' },
  { title: 'an entry that no policy could have', product: video, asked: { allow: { rooms: 'lobby' } }, says: 'product video: allow/rooms must be array' },
  { title: 'a misspelt entry', product: video, asked: { allow: { room: ['lobby'] } }, says: /allow must NOT have additional properties/ },
  { title: 'a schema that the broker does not load', product: defineProduct({ ...fields, request: Type.Object({ id: Type.String({ format: 'uuid' }) }), grant: () => ({ key: 'fax', toPayload: () => ({}) }) }), says: /request: unknown format "uuid"/ },
  { title: 'what is no grant', product: defineProduct({ ...fields, grant: () => ({ key: '', toPayload: () => ({}) }) }), says: /grant must return { key, toPayload }/ },
  { title: 'another grant each time', product: defineProduct({ ...fields, grant: () => ({ key: 'fax', toPayload: () => ({ calls: ++calls }) }) }), says: /grant must return the same result for the same context/ },
  {
    title: 'a grant that changes the policy',
    product: defineProduct({
      ...fields,
      grant: ({ allow }) => {
        if (allow.pages) allow.pages.max = 1000
        return { key: 'fax', toPayload: () => ({}) }
      }
    }),
    asked: { allow: { pages: { max: 1 } } },
    says: /read only property 'max'/
  }
]

t.test('testProduct says of a product, or of a test, what is wrong with it', async t => {
  for (const { title, product, asked, says } of mistakes) t.throws(() => testProduct(product, asked), typeof says === 'string' ? new TypeError(says) : { name: 'TypeError', message: says }, title)
})

/**
 * How the folders of src/ may import each other. src/README.md has the picture.
 * A folder imports those above it in this list, never those below.
 */
const order = [
  ['lib', 'files'],
  ['problems', 'caller'],
  ['limits', 'audit', 'products'],
  ['settings'],
  ['callers', 'policy'],
  ['tokens'],
  ['monitoring', 'diagnose', 'product'],
  ['http'],
  ['server'],
  ['cli', 'index'],
  ['bin']
]

/** The files that others may import, by folder. Of a folder that is not named, all. */
const frontDoors = {
  audit: ['audit-log', 'sink'],
  callers: ['login', 'store', 'guess-limiter', 'guess-counters', 'locked-names', 'password-rules', 'identity-holders', 'unlock', 'unlocked-names'],
  'callers/bearer': ['keys', 'key-set', 'keys-error', 'sources', 'tokens'],
  'callers/passwords': ['decoys', 'formats', 'hash-queue', 'hash-threads'],
  'callers/session': ['sessions', 'memory', 'keys'],
  'callers/stores': ['open', 'application', 'authenticate', 'identify'],
  'callers/users-file': ['edit', 'load', 'parse', 'store'],
  http: ['app', 'pipeline', 'hang-up', 'host-request', 'origins'],
  monitoring: ['metrics', 'history', 'operator-data', 'readiness'],
  policy: ['policy', 'allowance', 'decide', 'patterns'],
  'policy/file': ['load', 'read', 'schema', 'messages', 'unknown-users', 'expectations'],
  products: ['contract', 'define', 'deprecated', 'fit', 'load', 'push', 'refusals', 'schemas'],
  server: ['start', 'start-error', 'embedded', 'config', 'log-writer', 'try-services', 'unlock'],
  settings: ['load', 'schema', 'shown', 'rules', 'api-key', 'sources', 'value', 'embedded', 'sessions', 'jwt', 'jwt-rules']
}

/** A file of src/ counts as a folder of its own. */
const inside = name => `^src/${name}(/|[.]ts$)`
const within = names => `^src/(${names.join('|')})(/|[.]ts$)`

const upwards = order.slice(0, -1).flatMap((names, i) => names.map(name => ({
  name: `${name}-imports-downwards-only`,
  comment: `A request goes one way through the folders. ${name} knows nothing of what uses it, and is tested without it.`,
  severity: 'error',
  from: { path: inside(name) },
  to: { path: within(order.slice(i + 1).flat()) }
})))

const besides = order.flatMap(names => names.map(name => ({
  name: `${name}-beside`,
  comment: 'Folders of one level know nothing of each other, so that each can change alone.',
  severity: 'error',
  from: { path: inside(name) },
  to: { path: within(names), pathNot: inside(name) }
})).filter(() => names.length > 1))

const doors = Object.entries(frontDoors).map(([name, files]) => ({
  name: `front-door-of-${name.replace('/', '-')}`,
  comment: `Others import ${files.map(file => `${name}/${file}`).join(', ')}: the rest of ${name}/ may change without them.`,
  severity: 'error',
  from: { path: '^(src|plugins)/', pathNot: `^src/${name}/` },
  to: { path: `^src/${name}/[^/]+$`, pathNot: `^src/${name}/(${files.join('|')})[.]ts$` }
}))

module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Files that import each other cannot be read, tested or moved one by one. Types count, too.',
      severity: 'error',
      from: { path: '^(src|plugins)/' },
      to: { circular: true }
    },
    {
      name: 'fastify-in-http-only',
      comment: 'Everything else takes plain values, so that it is tested without a server, and so that the types an application imports do not bring our Fastify.',
      severity: 'error',
      from: { path: '^(src|plugins)/', pathNot: ['^src/http/', '^src/server/embedded[.]ts$', '^src/limits/address-buckets[.]ts$'] },
      to: { path: 'node_modules/(fastify|@fastify)/' }
    },
    {
      name: 'fastify-in-http-only-but-addresses',
      comment: 'How an IPv6 address is cut to its /64 is a plain function of @fastify/rate-limit: the plugin and the counters must cut alike.',
      severity: 'error',
      from: { path: '^src/limits/address-buckets[.]ts$' },
      to: { path: 'node_modules/(fastify|@fastify/(?!rate-limit))' }
    },
    {
      name: 'client-alone',
      comment: 'The client runs in pages: it imports nothing but itself.',
      severity: 'error',
      from: { path: '^src/client/', pathNot: '^src/client/(react[.]ts|package[.]js)$' },
      to: { pathNot: '^src/client/' }
    },
    {
      name: 'client-hook-with-react',
      comment: 'The hook imports React besides, and of the client only types: a page has one copy of each module.',
      severity: 'error',
      from: { path: '^src/client/react[.]ts$' },
      to: { pathNot: ['^src/client/', 'node_modules/react/'] }
    },
    {
      name: 'console-imports-diagnose-and-proofs-only',
      comment: 'The page runs in browsers. With the server it shares what explains tokens, and the types of what operators see. With the client it shares how a session is proved, so that this is written and checked once.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: '^src/', pathNot: ['^src/(console|diagnose)/', '^src/client/(proof|monotonic-clock)[.]ts$', '^src/monitoring/operator-data[.]ts$'] }
    },
    {
      name: 'console-imports-types-of-operator-data',
      comment: 'The types are derived from the broker\'s schema, so that they are written once. The schema itself would bring TypeBox into the page.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: '^src/monitoring/', dependencyTypesNot: ['type-only'] }
    },
    {
      name: 'nobody-imports-pages',
      comment: 'The server sends the client and the console as files, and imports neither.',
      severity: 'error',
      from: { path: '^(src|plugins)/', pathNot: '^src/(client|console)/' },
      to: { path: '^src/(client|console)/' }
    },
    {
      name: 'plugins-import-product-only',
      comment: 'A product of ours is written as one of anybody else.',
      severity: 'error',
      from: { path: '^plugins/' },
      to: { path: '^src/', pathNot: '^src/product[.]ts$' }
    },
    ...upwards, ...besides, ...doors
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' }
  }
}

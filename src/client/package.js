// Writes dist/client-package: the client as a package of its own, `twilio-token-broker-client`, for pages that need no server.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = name => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const read = name => readFileSync(path(name), 'utf8')
const { version, license, publishConfig, peerDependencies, peerDependenciesMeta } = JSON.parse(read('package.json'))

const entries = { '.': 'index', './react': 'react', './tab': 'tab', './video': 'video' }
const manifest = {
  name: 'twilio-token-broker-client',
  version,
  description: 'Twilio access tokens for a web page, from a twilio-token-broker: fetched, renewed, and given to the SDKs',
  keywords: ['twilio', 'access-token', 'voice', 'video', 'sync', 'conversations', 'react'],
  license,
  type: 'module',
  sideEffects: false,
  exports: {
    ...Object.fromEntries(Object.entries(entries).map(([entry, file]) => [entry, { types: `./${file}.d.ts`, default: `./${file}.js` }])),
    './package.json': './package.json'
  },
  publishConfig,
  peerDependencies,
  peerDependenciesMeta
}

mkdirSync(path('dist/client-package'), { recursive: true })
const write = (name, text) => writeFileSync(path(`dist/client-package/${name}`), text)
write('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
write('README.md', read('src/client/README.md'))
copyFileSync(path('LICENSE'), path('dist/client-package/LICENSE'))
for (const file of readdirSync(path('dist/client'))) {
  const text = read(`dist/client/${file}`)
  // The examples in the types name the package that they are in.
  write(file, file.endsWith('.d.ts') ? text.replaceAll('twilio-token-broker/client', 'twilio-token-broker-client') : text)
}

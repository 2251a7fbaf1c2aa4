// Writes settings.md: what .env.example says of each setting, and the rule and default of its schema. `npm run docs` runs it.
import { readFileSync, writeFileSync } from 'node:fs'
import { builtIn } from '../dist/src/products/load.js'
import { fromFile } from '../dist/src/settings/from-file.js'
import { schema } from '../dist/src/settings/schema.js'

const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
const page = new URL('settings.md', import.meta.url)
const products = [...(await builtIn()).values()]
const owners = new Map(products.flatMap(({ name, settings }) => Object.keys(settings.properties).map(setting => [setting, { name, settings }])))

function rule (name) {
  const { description } = (owners.get(name)?.settings ?? schema).properties[name]
  return fromFile.includes(name) ? `${description}; or \`${name}_FILE\`, a file that holds it` : description
}

/** Defaults that depend on other settings. */
const dependent = {
  SESSION_TTL: '`43200`; none with `LOGIN_URL` and `authenticate`',
  SESSION_SECRET: 'the secret of the API key',
  JWT_ISSUER: 'none: no bearer tokens',
  JWT_AUDIENCE: 'needed by `JWT_ISSUER`',
  JWT_KEYS: 'the issuer\'s discovery document',
  JWT_ALGORITHMS: '`RS256,ES256`',
  JWT_NAME: '`sub`',
  JWT_IDENTITY: 'the claim that is the name',
  JWT_TYPE: '`JWT`, or none',
  JWT_MAX_AGE: '`86400`'
}

function standard (name) {
  if (name in dependent) return dependent[name]
  const owner = owners.get(name)
  const { required = [], properties } = owner?.settings ?? schema
  const value = properties[name].default
  if (value !== undefined) return `\`${value}\``
  if (!required.includes(name)) return 'none'
  return owner === undefined ? 'required' : `needed by ${owner.name}`
}

/** Paragraphs of comments, each with the settings below it. */
const blocks = []
for (const line of example.split('\n')) {
  const setting = /^([A-Z_]+)=$/.exec(line)?.[1]
  const comment = /^# (.*)$/.exec(line)?.[1]
  if (comment !== undefined) {
    if (blocks.length === 0 || blocks.at(-1).settings.length > 0 || blocks.at(-1).ended) blocks.push({ text: [], settings: [], ended: false })
    blocks.at(-1).text.push(comment)
  } else if (setting !== undefined) {
    if (blocks.at(-1).ended) blocks.push({ text: [], settings: [], ended: false })
    blocks.at(-1).settings.push(setting)
  } else if (blocks.length > 0) {
    blocks.at(-1).ended = true
  }
}

/** Each setting has an anchor, so that others can link to it. What .env.example says stands beside the first setting of its paragraph. */
const rows = blocks.flatMap(({ text, settings }) => settings.map((name, index) =>
  `| <a id="${name.toLowerCase()}"></a>\`${name}\` | ${index === 0 ? text.join(' ').replaceAll('|', '\\|') : ''} | ${rule(name)} | ${standard(name)} |`))

const text = `# Settings

<!-- Written by docs/settings.js from .env.example and the schema: run \`npm run docs\` after a change of either. -->

From the environment, or from \`.env\` in the working directory; the environment wins, and an empty value counts as unset. A start reports all mistakes together, and exits with 78. \`npx twilio-token-broker check\` does so without starting: it asks the database, \`LOGIN_URL\` and Redis as a start does, and exits with 69 where one does not answer. Where none can be reached, as when an image is built, say \`check --offline\`.

A line of \`.env\` is \`NAME=value\`, a comment, or a mistake with its number (\`.env:4 …\`). \`export NAME=value\`, blanks around \`=\` and a \`# comment\` behind the value are taken. A value that holds \`#\` needs quotes: \`"…"\`, \`'…'\` or backticks. No value has several lines; in double quotes \`\\n\` is a line break.

A file that everyone may write is refused: \`.env\`, the policy, plugins, and what a \`_FILE\` setting names. The message holds the \`chmod\` to run. A \`.env\` that everyone may read is a warning. Plugins in \`PRODUCTS\` are loaded only once nothing else is wrong.

A change of \`.env\`, or of a file that a \`_FILE\` setting names, is taken up by itself, whole or not at all; the log says which settings take a restart.

| setting | what for | must be | default |
|---|---|---|---|
${rows.join('\n')}
`

if (process.argv[2] === '--print') process.stdout.write(text)
else writeFileSync(page, text)

// npm run bench [-- NAME] [ARGUMENT …]: without a name, tokens.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'

const here = fileURLToPath(new URL('.', import.meta.url))
const [name, ...args] = process.argv[2]?.startsWith('-') === false ? process.argv.slice(2) : ['tokens', ...process.argv.slice(2)]
const names = readdirSync(here).filter(file => /^(?!run\.)[\w-]+\.[jt]s$/.test(file)).map(file => file.replace(/\.[jt]s$/, ''))
if (!names.includes(name)) {
  console.error(`There is no benchmark of this name. There are: ${names.join(', ')}.`)
  process.exit(2)
}
const inTypeScript = readdirSync(here).includes(`${name}.ts`)
if (inTypeScript) await (await import('../test/compile.js')).compile()
const file = inTypeScript ? `${here}../build/bench/${name}.js` : `${here}${name}.js`
process.exit(spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' }).status ?? 1)

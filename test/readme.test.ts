import { readFileSync } from 'node:fs'
import t from 'tap'

const readme = readFileSync('README.md', 'utf8')

t.test('every test that the security table names is there', t => {
  const rows = [...readme.matchAll(/^\|[^|]+\|[^|]+\| `([\w/-]+)`: (.+) \|$/gm)]
  t.ok(rows.length > 30)
  for (const [, file, title] of rows) {
    const titles = [`${file}.test.ts`, `${file}.ts`].flatMap(name => {
      try {
        return [...readFileSync(`test/${name}`, 'utf8').matchAll(/\btest\('((?:[^'\\]|\\.)*)'/g)].map(([, text]) => text!.replaceAll('\\\'', '\''))
      } catch {
        return []
      }
    })
    t.ok(titles.includes(title!), `${file}: ${title}`)
  }
  t.end()
})

t.test('every dependency has its reason', t => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  const table = readme.slice(readme.indexOf('## Dependencies'))
  for (const name of Object.keys(dependencies)) t.ok(table.includes(`\`${name}\``), name)
  t.end()
})

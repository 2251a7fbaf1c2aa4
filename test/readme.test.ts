import { readFileSync } from 'node:fs'
import t from 'tap'

const readme = readFileSync('README.md', 'utf8')

/** Tables whose last column is a test: its file, and its name. */
const tables = { 'README.md': 30, 'docs/operations.md': 28 }

for (const [document, least] of Object.entries(tables)) {
  t.test(`every test that the tables of ${document} name is there`, t => {
    const rows = [...readFileSync(document, 'utf8').matchAll(/^\|(?:[^|\n]+\|){2,} `([\w/-]+)`: (.+) \|$/gm)]
    t.ok(rows.length >= least, `${rows.length} rows`)
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
}

t.test('every fault of the operators\' table has what to do', t => {
  const [, table] = /## What happens when\n([^]*?)\n## /.exec(readFileSync('docs/operations.md', 'utf8'))!
  const rows = table!.split('\n').filter(line => line.startsWith('|')).slice(2).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
  for (const [fault, seen, , , test] of rows) {
    if (/^\*\*/.test(fault!)) continue
    t.ok(seen !== '' && test !== '', `${fault}`)
  }
  t.end()
})

t.test('every dependency has its reason', t => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  const table = readme.slice(readme.indexOf('## Dependencies'))
  for (const name of Object.keys(dependencies)) t.ok(table.includes(`\`${name}\``), name)
  t.end()
})

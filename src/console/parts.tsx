import type { Row } from '../diagnose/token/about.js'
import type { Token } from '../diagnose/token/read-token.js'

export function Rows ({ rows }: { rows: Row[] }) {
  return (
    <dl class='rows'>
      {rows.map(([name, ...values]) => (
        <div key={name}>
          <dt>{name}</dt>
          {values.map(value => <dd key={value}>{value}</dd>)}
        </div>
      ))}
    </dl>
  )
}

/** Header and claims as they stand in the token. */
export function Parts ({ token: { header, claims } }: { token: Token }) {
  return (
    <details>
      <summary>Header and claims as JSON</summary>
      <pre tabIndex={0}>{[header, claims].map(part => JSON.stringify(part, null, 2)).join('\n')}</pre>
    </details>
  )
}

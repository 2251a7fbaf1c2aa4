import { callerOf, isHashed, timeOf } from './audit-lines.js'
import { codesOf, type OperatorData, type Span } from './operator-data.js'
import type { Tile } from './tiles.js'

/** The state in a word for each part, without colours where it may be another by now. A tile leads to what it means. */
export function Tiles ({ tiles, stale }: { tiles: Tile[], stale: boolean }) {
  return (
    <section class={stale ? 'tiles stale' : 'tiles'} aria-label={stale ? 'State, as it was last known' : 'State'}>
      {stale && <p>Last known state, which may be another by now:</p>}
      {tiles.map(({ id, title, state, word, detail }) => (
        <a key={id} class={`tile ${state}`} href={`#/operator/about-${id}`}>
          <span>{title}</span>
          <b>{word}</b>
          <span>{detail}</span>
        </a>
      ))}
    </section>
  )
}

export function TilesExplained ({ tiles }: { tiles: Tile[] }) {
  return (
    <section class='card below'>
      <h2>What the tiles mean</h2>
      <dl class='about'>
        {tiles.map(({ id, title, help, docs: [file, heading] }) => (
          <div key={id} id={`about-${id}`} tabIndex={-1}>
            <dt>{title}</dt>
            <dd>{help} <span class='fine'>More in the broker’s documentation: <code>{file}</code>, “{heading}”.</span></dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

export function Codes ({ span, time }: { span: Span, time: string }) {
  const codes = codesOf(span)
  const most = Math.max(1, ...codes.map(([, count]) => count))
  return (
    <section class='card'>
      <h2>Refusals by code, {time}</h2>
      {codes.length === 0
        ? <p>No request with credentials was refused.</p>
        : (
          <dl class='bars'>
            {codes.map(([code, count]) => (
              <div key={code}>
                <dt><code>{code}</code></dt>
                <dd><svg viewBox='0 0 100 8' preserveAspectRatio='none' aria-hidden='true'><rect width={Math.max(1, 100 * count / most)} height='8' rx='1' /></svg><span>{count}</span></dd>
              </div>
            ))}
          </dl>
          )}
    </section>
  )
}

/** Names that are locked now, and how to unlock them. */
export function LockedNames ({ data: { locked: { names, locks } } }: { data: OperatorData }) {
  if (names === 0) return null
  return (
    <section class='card locked'>
      <h2>{names} {names === 1 ? 'name is' : 'names are'} locked now</h2>
      <p>
        Too many passwords were wrong, so sign-ins get 429 <code>login-limited</code>.
        To let a user in at once, run on the broker’s machine: <code>npx twilio-token-broker users unlock NAME</code>
      </p>
      <ul>
        {locks.map(({ caller, address, until }) => (
          <li key={`${caller} ${address}`}>
            <b title={caller}>{callerOf({ caller })}</b>, at {address ?? 'all addresses but those where it signed in lately'}, until {timeOf(until)}
          </li>
        ))}
      </ul>
      {locks.some(isHashed) && <p class='fine'>A name that is not known to be a caller’s is a keyed hash, as people type passwords there. If its user tells you the name, unlock that.</p>}
    </section>
  )
}

export function Reloads ({ data: { reloads } }: { data: OperatorData }) {
  const all = Object.entries(reloads).sort()
  return (
    <section class='card'>
      <h2>Last reloads</h2>
      {all.length === 0
        ? <p>None since the start.</p>
        : (
          <dl class='rows'>
            {all.map(([what, { taken, at }]) => (
              <div key={what}><dt>{what}</dt><dd><span class={taken ? 'tag good' : 'tag bad'}>{taken ? 'taken' : 'refused'}</span> {timeOf(at)}{!taken && ': the old ones stay, the log says why'}</dd></div>
            ))}
          </dl>
          )}
    </section>
  )
}

export function Settings ({ data: { settings, values } }: { data: OperatorData }) {
  const all = Object.entries(settings)
  const unset = all.filter(([name, set]) => !set && !(name in values))
  return (
    <section class='card below'>
      <h2>Settings in force</h2>
      <p class='fine'>Of a setting that may hold a secret, only whether it is set; of a URL that may, its server; of a SID, beginning and end.</p>
      <dl class='settings'>
        {all.filter(([name, set]) => set || name in values).map(([name, set]) => (
          <div key={name}>
            <dt><code>{name}</code></dt>
            <dd>{name in values ? String(values[name]) : 'set'}{!set && <span class='tag'>default</span>}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{unset.length} are not set</summary>
        <p class='unset'>{unset.map(([name]) => <code key={name}>{name}</code>)}</p>
      </details>
    </section>
  )
}

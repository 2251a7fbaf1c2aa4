import type { Refusal } from './api.js'

/** What the broker says, in its own words. */
export function Problem ({ refusal: { code, detail, errors, retryAfter, requestId } }: { refusal: Refusal }) {
  // Where there is one alone, the sentence often says it already.
  const more = errors.filter(({ message }) => !detail.includes(message))
  return (
    <div class='problem' role='alert'>
      <p>{detail}</p>
      {more.length > 0 && (
        <ul>
          {more.map(({ path, message }) => <li key={path}>{path !== '' && <code>{path.slice(1)}</code>} {message}</li>)}
        </ul>
      )}
      {retryAfter !== undefined && <p>Try again in {retryAfter} s.</p>}
      <p class='fine'><code>{code}</code>{requestId !== undefined && <> · request <code>{requestId}</code></>}</p>
    </div>
  )
}

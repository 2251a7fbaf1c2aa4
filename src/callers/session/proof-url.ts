/** Where the broker is, for a page. */
export interface ProofPlace {
  /** Its address for pages, where the operator says it. */
  readonly publicUrl: string | undefined
  /** The origins that it listens on. */
  readonly ownOrigins: { has (origin: string): boolean }
  /** Below which all paths lie here; empty where the broker is the whole server. */
  readonly prefix: string
}

/** What a proxy may have stripped of a path: whole segments. */
const prefixes = /^(\/[^/]+)+$/

/**
 * Whether a proof is for this request's URL (RFC 9449 §4.3: query and fragment do not count). Without `PUBLIC_URL` nobody can tell which origin a page
 * sees, and which prefix a proxy strips: any will do, as the key already binds the proof to this broker's session.
 * @param path of the request as it arrived here, with the prefix and without the query
 */
export function isFor (htu: string, path: string, { publicUrl, ownOrigins, prefix }: ProofPlace): boolean {
  if (!URL.canParse(htu)) return false
  const { protocol, origin, pathname } = new URL(htu)
  if (protocol !== 'https:' && protocol !== 'http:') return false
  const route = path.slice(prefix.length)
  if (publicUrl === undefined) return pathname === route || (pathname.endsWith(route) && prefixes.test(pathname.slice(0, -route.length)))
  const base = new URL(publicUrl)
  const below = base.pathname.replace(/\/$/, '')
  // Inside an application, PUBLIC_URL may be the application's address or the broker's own.
  return (ownOrigins.has(origin) && pathname === path) || (origin === base.origin && (pathname === below + route || pathname === below + path))
}

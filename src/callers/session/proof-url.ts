/** The URLs that DPoP proofs may be bound to. */
export interface ProofTarget {
  /** The setting `PUBLIC_URL`: the address that pages use. */
  readonly publicUrl: string | undefined
  /** The origins that the broker listens on. */
  readonly ownOrigins: { has (origin: string): boolean }
  /** The path prefix of all routes, inside an application; else empty. */
  readonly prefix: string
}

/** Whole segments, as a proxy may have stripped them from a path. */
const SEGMENTS = /^(\/[^/]+)+$/

/**
 * Whether a proof is bound to the URL of this request (RFC 9449 §4.3: query and fragment are ignored). Without `PUBLIC_URL` the broker
 * cannot know which origin a page sees and which prefix a proxy strips. So any origin and prefix are accepted: the key already binds the
 * proof to a session of this broker.
 * @param path as received, with the prefix and without the query
 */
export function matchesUrl (htu: string, path: string, { publicUrl, ownOrigins, prefix }: ProofTarget): boolean {
  if (!URL.canParse(htu)) return false
  const { protocol, origin, pathname } = new URL(htu)
  if (protocol !== 'https:' && protocol !== 'http:') return false
  const route = path.slice(prefix.length)
  if (publicUrl === undefined) return pathname === route || (pathname.endsWith(route) && SEGMENTS.test(pathname.slice(0, -route.length)))
  const base = new URL(publicUrl)
  const below = base.pathname.replace(/\/$/, '')
  // Inside an application, PUBLIC_URL may be the application's address or the broker's own.
  return (ownOrigins.has(origin) && pathname === path) ||
    (origin === base.origin && (pathname === below + route || pathname === below + path))
}

/** Where a request belongs in a trace, https://www.w3.org/TR/trace-context/#traceparent-header */
export interface TraceContext {
  /** The whole header, as it is passed on. */
  readonly traceparent: string
  /** 32 hexadecimal digits. */
  readonly traceId: string
}

/** Version, trace, span, flags. Later versions may append fields, but begin with these. */
const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{1,128})?$/

/** @returns null if the header is missing or invalid: the standard says to ignore an invalid one */
export function traceContext (traceparent: string | string[] | undefined): TraceContext | null {
  if (traceparent === undefined) return null
  const [whole, version, traceId, more] = form.exec(String(traceparent)) ?? []
  if (whole === undefined || (version === '00' && more !== undefined)) return null
  return { traceparent: whole, traceId: traceId! }
}

/** Whether a text is a single origin, exactly as browsers send it. */
export function isOrigin (entry: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*\\]+$/.test(entry) || !URL.canParse(entry)) return false
  // Browsers write an origin in lower case, without the default port. Other schemes, such as capacitor:, have an opaque origin in the URL
  // standard, but WebViews send them unchanged.
  return /^https?:/.test(entry) ? new URL(entry).origin === entry : true
}

import { useEffect, useState } from 'preact/hooks'

/** Whether a media query matches now. */
export function useMedia (text: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(text).matches)
  useEffect(() => {
    const query = matchMedia(text)
    const change = () => setMatches(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [text])
  return matches
}

import { useEffect, useState } from 'preact/hooks'

/** Returns the monotonic clock in milliseconds, and renders again every second. */
export function useNow (): number {
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

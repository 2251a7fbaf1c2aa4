import { useEffect, useState } from 'preact/hooks'
import { now } from './now.js'

/** Returns the time of `now`, and renders again every second. */
export function useNow (): number {
  const [time, setTime] = useState(now)
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return time
}

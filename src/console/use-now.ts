import { useEffect, useState } from 'preact/hooks'

/** Milliseconds of a clock that a device cannot set, anew each second. */
export function useNow (): number {
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

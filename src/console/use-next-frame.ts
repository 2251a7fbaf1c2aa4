import { useEffect, useState } from 'preact/hooks'

/** Returns the value a frame later, so that what is drawn from it does not share the frame of the rest. */
export function useNextFrame<Value> (value: Value): Value {
  const [shown, setShown] = useState(() => value)
  useEffect(() => {
    const frame = requestAnimationFrame(() => setShown(() => value))
    return () => cancelAnimationFrame(frame)
  }, [value])
  return shown
}

import { useLayoutEffect, useRef } from 'preact/hooks'

/** Brings an answer into view as it comes: on a phone it is below the form. */
export function useShownBelow<Answer extends HTMLElement> () {
  const answer = useRef<Answer>(null)
  useLayoutEffect(() => {
    if (answer.current!.getBoundingClientRect().top > innerHeight / 2) answer.current!.scrollIntoView()
  }, [])
  return answer
}

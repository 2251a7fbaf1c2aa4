import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

interface TabsProps {
  /** Unlike that of other tabs on the page. */
  id: string
  label: string
  names: string[]
  chosen: string
  onChoose (name: string): void
  /** The panel of the chosen one. */
  children: ComponentChildren
}

/** Where a key leads from the tab at `i` of `n`. https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ */
const moves: Record<string, (i: number, n: number) => number> = {
  ArrowLeft: (i, n) => (i + n - 1) % n,
  ArrowRight: (i, n) => (i + 1) % n,
  Home: () => 0,
  End: (_, n) => n - 1
}

/** Tabs, of which one is in the order of the Tab key; the arrow keys lead to the others. */
export function Tabs ({ id, label, names, chosen, onChoose, children }: TabsProps) {
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    const next = move(names.indexOf(chosen), names.length)
    onChoose(names[next]!)
    list.current!.querySelectorAll('button')[next]!.focus()
  }
  return (
    <>
      <div class='tablist' role='tablist' aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {names.map(name => {
          const selected = name === chosen
          return (
            <button
              key={name} type='button' role='tab' id={`${id}-${name}`} aria-selected={selected} tabIndex={selected ? 0 : -1}
              aria-controls={selected ? `${id}-panel` : undefined} onClick={() => onChoose(name)}
            >{name}
            </button>
          )
        })}
      </div>
      <div class='panel' role='tabpanel' id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>{children}</div>
    </>
  )
}

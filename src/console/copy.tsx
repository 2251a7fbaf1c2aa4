import { useState } from 'preact/hooks'

interface CopyProps {
  title: string
  text: string
  /** Of the text, where the title is not enough to find it. */
  label?: string
}

/** A text with a button that copies it. */
export function Copy ({ title, text, label }: CopyProps) {
  const [said, setSaid] = useState('')
  async function copy (): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      // Browsers offer no clipboard to pages that were loaded without TLS from another machine.
      setSaid('Mark it and copy it by hand')
    }
  }
  return (
    <section class='copy'>
      <div class='bar'>
        <h3>{title}</h3>
        <span class='fine' role='status'>{said}</span>
        <button type='button' class='quiet' onClick={copy} aria-label={`Copy ${title}`}>Copy</button>
      </div>
      <pre tabIndex={0} aria-label={label}>{text}</pre>
    </section>
  )
}

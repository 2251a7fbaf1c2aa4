import type { CDPSession } from 'playwright-core'

/** All texts in the memory of a page's scripts. */
export async function heapOf (browser: CDPSession): Promise<string[]> {
  let text = ''
  const add = ({ chunk }: { chunk: string }) => { text += chunk }
  browser.on('HeapProfiler.addHeapSnapshotChunk', add)
  await browser.send('HeapProfiler.collectGarbage')
  await browser.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  browser.off('HeapProfiler.addHeapSnapshotChunk', add)
  return (JSON.parse(text) as { strings: string[] }).strings
}

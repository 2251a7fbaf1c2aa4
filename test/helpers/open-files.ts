import { readdirSync, readlinkSync } from 'node:fs'

/** Files of a folder that this process holds open. */
export function openFiles (folder: string): string[] {
  const files = readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })
  return files.filter(file => file.startsWith(folder))
}

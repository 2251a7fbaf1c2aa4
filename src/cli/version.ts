import { readFileSync } from 'node:fs'

/** The package's own, as it was installed. */
export function version (): string {
  const file = new URL('../../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

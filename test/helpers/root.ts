import { fileURLToPath } from 'node:url'

/** The folder of package.json. The tests run compiled, in build/test. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

import { textsOf, type Diagnostic } from '../../src/lib/diagnostic.js'
import { loadProducts as load } from '../../src/products/load.js'
import { readKeys as readPair } from '../../src/server/tls-files.js'
import { readSettings as read } from '../../src/settings/load.js'

/** What was read, with its mistakes and warnings as the operator sees them. */
const inTexts = <Result extends { diagnostics: readonly Diagnostic[] }>(result: Result) =>
  ({ ...result, mistakes: textsOf(result.diagnostics, 'mistake'), warnings: textsOf(result.diagnostics, 'warning') })

export const readSettings = async (...options: Parameters<typeof read>) => inTexts(await read(...options))
export const loadProducts = async (...options: Parameters<typeof load>) => inTexts(await load(...options))
export const readKeys = async (...options: Parameters<typeof readPair>) => inTexts(await readPair(...options))

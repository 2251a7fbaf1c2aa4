import type { Position } from '../../lib/diagnostic.js'
import type { Fault, Path, PlacedFault } from './fault.js'
import { readJson } from './json.js'
import { tooDeep } from './nesting.js'
import type { Yaml } from './yaml.js'

/** The value of a policy's text, and the position of each part in it. */
export interface PolicyDocument {
  value: unknown
  positionOf (path: Path): Promise<Position>
  place (faults: Fault[]): Promise<PlacedFault[]>
}

/** UTF-16 units. Ten thousand rules are about a million. */
const MAX_LENGTH = 4 * 1024 * 1024

/**
 * Parses YAML or JSON.
 * @returns faults if the text cannot be parsed, or is empty
 */
export async function readDocument (text: string): Promise<PolicyDocument | { faults: PlacedFault[] }> {
  if (text.length > MAX_LENGTH) return fault('invalid', 'is larger than 4 MiB, which no policy needs')
  const deep = tooDeep(text)
  if (deep !== undefined) return fault('invalid', 'nested too deep for a policy', deep)

  let yaml: Promise<Yaml> | undefined
  // Imported on demand: the YAML parser is an eighth of all files that a start loads. JSON needs it only for the positions of faults.
  const asYaml = () => (yaml ??= import('./yaml.js').then(({ readYaml }) => readYaml(text)))
  const { value, faults } = readJson(text) ?? await asYaml()
  if (faults.length > 0) return { faults }
  if (value === null) return fault('missing', 'holds nothing, so nobody could have anything; write rules')

  return {
    value,
    async positionOf (path) {
      return (await asYaml()).positionOf(path)
    },
    async place (faults) {
      if (faults.length === 0) return []
      const { positionOf } = await asYaml()
      return faults.map(({ code, message, path, of }) => ({ code, message, position: positionOf(path, of) }))
    }
  }
}

function fault (code: PlacedFault['code'], message: string, position = { line: 1, column: 1 }): { faults: PlacedFault[] } {
  return { faults: [{ code, message, position }] }
}

import { validatorOf } from '../../lib/ajv.js'
import type { Diagnostic } from '../../lib/diagnostic.js'
import { Type, type Static } from '../../lib/typebox.js'
import { readDocument } from './document.js'
import type { PlacedFault } from './fault.js'
import { faultOf } from './messages.js'
import { Expectations } from './schema.js'

export type Expectation = Static<typeof Expectations>[number] & {
  /** Its position, for messages: `policy.yaml:12:5`. */
  place: string
}

const file = Type.Object({ tests: Type.Optional(Expectations) })

/**
 * Reads the `tests` of a policy, or of a separate file.
 * @param name the name of the file, as the operator wrote it
 * @returns mistakes if the file cannot be read; no expectations if it has no `tests`
 */
export async function readExpectations (text: string, name: string): Promise<{ expectations: Expectation[] } | { mistakes: Diagnostic[] }> {
  const refused = (faults: PlacedFault[]) => ({ mistakes: faults.map((fault): Diagnostic => ({ level: 'mistake', subject: name, ...fault })) })
  const document = await readDocument(text)
  if ('faults' in document) return refused(document.faults)
  const { value } = document
  const validate = validatorOf(file)
  if (!validate(value)) return refused(await document.place(validate.errors!.map(faultOf)))
  const { tests = [] } = value as Static<typeof file>
  return {
    expectations: await Promise.all(tests.map(async (test, i) => {
      const { line, column } = await document.positionOf(['tests', String(i)])
      return { ...test, place: `${name}:${line}:${column}` }
    }))
  }
}

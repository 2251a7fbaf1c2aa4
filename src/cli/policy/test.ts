import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { didYouMean } from '../../lib/did-you-mean.js'
import { textOf } from '../../lib/diagnostic.js'
import { errorCode } from '../../files/errno.js'
import { readExpectations, type Expectation } from '../../policy/file/expectations.js'
import { unusable } from '../file-failure.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { productsOf, type PolicyContext } from './context.js'
import { callerOf, explain, readPolicy, type ReadPolicy } from './explain.js'

/**
 * `policy test [FILE]`: checks that the policy decides as expected. Uses the broker's own code.
 * @throws Failure for a file that cannot be read, and if there are no expectations
 */
export async function testPolicy (io: Io, context: PolicyContext, file: string | undefined, { json }: { json?: boolean }): Promise<number> {
  const { file: policyFile } = context
  if (policyFile === undefined) throw new Failure(exitCodes.settings, 'POLICY_FILE is not set; set it to the path of the policy to test')
  const policy = await readPolicy(io, context)
  const expectations = file === undefined
    ? [...await expectationsIn(io, policyFile), ...await expectationsIn(io, beside(policyFile), true)]
    : await expectationsIn(io, file)
  if (expectations.length === 0) throw new Failure(exitCodes.no, `nothing is expected: write tests into ${file ?? `${policyFile}, or into ${beside(policyFile)}`}`)
  const results = await Promise.all(
    expectations.map(async expectation => ({ expectation, failure: await failureOf(expectation, policy, context) }))
  )
  const failed = results.flatMap(
    ({ expectation: { place, ...expectation }, failure }) => failure === undefined ? [] : [{ place, ...expectation, failure }]
  )
  const passed = expectations.length - failed.length
  if (json) {
    io.stdout.write(`${JSON.stringify({ passed, failed })}\n`)
  } else {
    for (const { place, caller, product, failure } of failed) io.stderr.write(`${place} ${caller}, ${product}: ${failure}\n`)
    io.stdout.write(`${passed} of ${expectations.length} tests passed\n`)
  }
  return failed.length === 0 ? exitCodes.ok : exitCodes.no
}

/** `policy.yaml` → `policy.test.yaml` */
function beside (policyFile: string): string {
  const ending = extname(policyFile)
  return `${policyFile.slice(0, policyFile.length - ending.length)}.test${ending}`
}

async function expectationsIn ({ cwd }: Io, file: string, mayBeMissing = false): Promise<Expectation[]> {
  const text = await readFile(resolve(cwd, file), 'utf8').catch((error: unknown) => {
    const code = errorCode(error)
    if (mayBeMissing && code === 'ENOENT') return undefined
    throw unusable(file, code)
  })
  if (text === undefined) return []
  const read = await readExpectations(text, file)
  if ('mistakes' in read) throw new Failure(exitCodes.settings, read.mistakes.map(textOf).join('\n'))
  return read.expectations
}

/** Why an expectation does not hold; undefined if it does. */
async function failureOf (
  { caller: name, groups, product, request = {}, expect }: Expectation,
  policy: ReadPolicy,
  context: PolicyContext
): Promise<string | undefined> {
  const enabled = context.enabled.find(one => one.product.name === product)
  if (enabled === undefined) return `${product} is not an enabled product${didYouMean(product, productsOf(context).map(({ name }) => name))}`
  const caller = callerOrMistake(name, groups, context)
  if (typeof caller === 'string') return caller
  const explanation = await explain(policy, context, caller, enabled, request)
  // A misspelt property is refused by every policy, so the test itself is wrong.
  if (!explanation.allowed && explanation.code === 'request-invalid') return explanation.errors[0]
  // In `mode: audit`, a request that the policy would refuse counts as refused.
  const refusal = explanation.allowed ? explanation.wouldRefuse : explanation.errors[0] ?? explanation.detail
  const found = refusal === undefined ? 'allowed' : 'refused'
  if (found === expect) return undefined
  return `expected ${expect}, but it is ${found}${refusal === undefined ? ` by ${explanation.rule}` : `: ${refusal}`}`
}

function callerOrMistake (name: string, groups: string[] | undefined, context: PolicyContext) {
  try {
    return callerOf(name.normalize('NFC'), groups?.join(), context)
  } catch (failure) {
    return (failure as Failure).message
  }
}

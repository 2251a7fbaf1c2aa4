import { textsOf } from '../../lib/diagnostic.js'
import { loadPolicy } from '../../policy/file/load.js'
import { policyReader } from '../../policy/file/read.js'
import { policySchema } from '../../policy/file/schema.js'
import { exitCodes, Failure, type Io } from '../io.js'
import { productsOf, type PolicyContext } from './context.js'

/**
 * `policy check`: reports every mistake and warning of the file.
 * @throws Failure when there is no policy
 */
export async function checkPolicy (io: Io, context: PolicyContext, { json }: { json?: boolean }): Promise<number> {
  const { file, known, remoteStore } = context
  if (file === undefined) throw new Failure(exitCodes.settings, 'POLICY_FILE is not set: every caller may have every enabled product; set it to the path of a policy')
  const { policy, diagnostics } = await loadPolicy(
    file,
    io.cwd,
    policyReader({ enabled: productsOf(context), known, foldNames: remoteStore, storeGroups: remoteStore })
  )
  const right = policy !== null
  const mistakes = textsOf(diagnostics, 'mistake')
  const warnings = textsOf(diagnostics, 'warning')
  if (json) {
    io.stdout.write(`${JSON.stringify({ file, right, mistakes, warnings, diagnostics })}\n`)
  } else {
    for (const mistake of mistakes) io.stderr.write(`${mistake}\n`)
    for (const warning of warnings) io.stderr.write(`${warning} (a warning)\n`)
    if (right) io.stdout.write(`${file} is right\n`)
  }
  return right ? exitCodes.ok : exitCodes.no
}

/** `policy schema`: prints the JSON Schema of the policy file. */
export async function printSchema (io: Io, context: PolicyContext): Promise<number> {
  io.stdout.write(`${JSON.stringify(policySchema(productsOf(context)), null, 2)}\n`)
  return exitCodes.ok
}

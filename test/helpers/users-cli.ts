/** The `users` commands as a process of their own: users-cli.js FILE COMMAND... */
import { usersCommand } from '../../src/cli/users/command.js'

const [file = '', ...args] = process.argv.slice(2)
// A write beyond `ulimit -f` fails with EFBIG, as one on a full disk with ENOSPC, where the process does not die of the signal.
process.on('SIGXFSZ', () => {})
const io = { env: {}, cwd: process.cwd(), stdin: process.stdin, stdout: process.stdout, stderr: process.stderr }
await usersCommand(io, () => file, exitCode => { process.exitCode = exitCode }).parseAsync(args, { from: 'user' })

import { Command } from 'commander'
import type { Io } from './io.js'

/** A command that writes to `io`, and throws where commander would end the process. Its sub-commands inherit both. */
export function newCommand (io: Io, name: string): Command {
  return new Command(name)
    .exitOverride()
    .configureOutput({ writeOut: text => io.stdout.write(text), writeErr: text => io.stderr.write(text) })
    .showHelpAfterError('(--help says more)')
}

/** Adds command lines to the end of a command's help. */
export function withExamples (command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map(line => `  ${line}\n`).join('')}`)
}

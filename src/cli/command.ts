import { Command, InvalidArgumentError } from 'commander'
import { didYouMean } from '../lib/did-you-mean.js'
import type { Io } from './io.js'

/** A command that writes to `io`, and throws where commander would end the process. Its sub-commands inherit both. */
export function newCommand (io: Io, name: string): Command {
  return new Command(name)
    .exitOverride()
    .configureOutput({ writeOut: text => io.stdout.write(text), writeErr: text => io.stderr.write(text) })
    .showHelpAfterError('(see --help)')
}

/** Adds command lines to the end of a command's help. */
export function withExamples (command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map(line => `  ${line}\n`).join('')}`)
}

/** Adds the command `help [command...]`. It reports words that are not a command. */
export function withHelp (group: Command): Command {
  group.helpCommand(false).command('help [command...]')
    .description('show the help of a command')
    .addHelpText('after', () => `\nExamples:\n  npx ${lineOf(group)} help ${group.commands[0]!.name()}\n`)
    .action((words: string[]) => { helpOf(group, words) })
  return group
}

function helpOf (group: Command, words: string[]): void {
  const [word, ...rest] = words
  if (word === undefined) return group.help()
  const found = group.commands.find(command => command.name() === word)
  if (found === undefined) group.error(`error: ${unknownCommand(group, word)}`)
  helpOf(found, rest)
}

/** A message for a word that is not a command; suggests a similar command. */
export function unknownCommand (group: Command, word: string): string {
  return `${word} is not a command${didYouMean(word, group.commands.map(command => command.name()))}`
}

/** A command as it is typed, from the program's name on. */
function lineOf (command: Command): string {
  return command.parent === null ? command.name() : `${lineOf(command.parent)} ${command.name()}`
}

/**
 * Parses the value of --port.
 * @throws InvalidArgumentError
 */
export function portNumber (text: string): string {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) throw new InvalidArgumentError('It must be a whole number from 0 to 65535.')
  return text
}

/**
 * Parses a duration.
 * @throws InvalidArgumentError
 */
export function wholeSeconds (text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}

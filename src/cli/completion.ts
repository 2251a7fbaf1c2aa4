import { Argument, type Command } from 'commander'
import { newCommand, withExamples } from './command.js'
import { exitCodes, type Io } from './io.js'

/** What can be typed after a command: its sub-commands, the known values of its argument, and its options. */
interface Words {
  /** The command's words, without the name of the program. */
  path: string[]
  /** Its sub-commands. */
  commands: string[]
  words: Array<{ word: string, description: string }>
}

/** `completion bash|zsh|fish`: made from the tree of commands that parses the command line, so it is never out of date. */
export function completionCommand (io: Io, program: () => Command, done: (exitCode: number) => void): Command {
  return withExamples(newCommand(io, 'completion')
    .description('print a script with which a shell completes these commands')
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(shells)))
    .action((shell: keyof typeof shells) => {
      io.stdout.write(shells[shell](program().name(), wordsOf(program())))
      done(exitCodes.ok)
    }),
  'source <(twilio-token-broker completion bash)       # in ~/.bashrc, or in ~/.zshrc with zsh',
  'twilio-token-broker completion fish | source        # in ~/.config/fish/config.fish')
}

function wordsOf (command: Command, path: string[] = []): Words[] {
  const commands = command.commands.map(sub => ({ word: sub.name(), description: sub.description() }))
  const values = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices.map(word => ({ word, description: '' })))
  const options = command.options.map(({ long, description }) => ({ word: long!, description }))
  return [
    { path, commands: commands.map(({ word }) => word), words: [...commands, ...values, ...options, { word: '--help', description: 'show the help' }] },
    ...command.commands.flatMap(sub => wordsOf(sub, [...path, sub.name()]))
  ]
}

const shells = { bash, zsh, fish }

/** The words are letters and dashes, so none of them has to be quoted for a shell. */
const list = ({ words }: Words) => words.map(({ word }) => word).join(' ')
const functionName = (program: string) => `_${program.replaceAll('-', '_')}`
/** Branches of `case`: each goes from a command to one of its sub-commands. */
const steps = (all: Words[], indent: string) => all.flatMap(({ path, commands }) => commands.map(name => `${indent}'${[...path, name].join(' ')}') path='${[...path, name].join(' ')}' ;;\n`)).join('')
const candidates = (all: Words[], indent: string) => all.map(words => `${indent}'${words.path.join(' ')}') found='${list(words)}' ;;\n`).join('')

function bash (program: string, all: Words[]): string {
  return `${functionName(program)} () {
  local path= found= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
${steps(all, '      ')}    esac
  done
  case "$path" in
${candidates(all, '    ')}  esac
  COMPREPLY=($(compgen -W "$found" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F ${functionName(program)} ${program}
`
}

function zsh (program: string, all: Words[]): string {
  return `#compdef ${program}
${functionName(program)} () {
  local step= found= i
  for ((i = 2; i < CURRENT; i++)); do
    case "\${step:+$step }\${words[i]}" in
${steps(all, '      ').replaceAll('path=', 'step=')}    esac
  done
  case "$step" in
${candidates(all, '    ')}  esac
  compadd -- \${=found}
  [[ "\${words[CURRENT]}" == -* ]] || _files
}
compdef ${functionName(program)} ${program}
`
}

function fish (program: string, all: Words[]): string {
  const at = `_${functionName(program)}_at`
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
  return `function ${at}
  set -l step ''
  for word in (commandline -opc)[2..-1]
    switch (string trim "$step $word")
${all.flatMap(({ path, commands }) => commands.map(name => `      case '${[...path, name].join(' ')}'\n        set step '${[...path, name].join(' ')}'\n`)).join('')}    end
  end
  test "$step" = "$argv"
end
${all.flatMap(({ path, words }) => words.map(({ word, description }) => {
    const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
    return `complete -c ${program} -n ${quoted(`${at} ${path.join(' ')}`.trim())} ${what}${description === '' ? '' : ` -d ${quoted(description)}`}\n`
  })).join('')}`
}

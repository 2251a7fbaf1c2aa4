import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readableByEveryone, writableByEveryone } from '../files/mode.js'
import { readFileOrPipe } from '../files/read.js'
import { parseDotenv, type Dotenv } from './dotenv.js'
import { fromFile } from './schema.js'
import { isPlainName } from './variable-name.js'

export type Environment = Record<string, string | undefined>

/** What is wrong, one sentence each. */
export interface Findings {
  mistakes: string[]
  warnings: string[]
}

export interface Names { has (name: string): boolean }

/** Values by the names of settings, wherever they come from. */
export interface Sources extends Findings {
  variables: Environment
  /** What messages call a variable that is not a setting: its name, or where it is. */
  called: (variable: string) => string
  /** The settings that `.env`, or the file of a `_FILE` setting, may hold in what could not be read. */
  unread: Names
}

/** `.env` below the environment. An empty value is no value: `.env.example` is full of them. */
export function readSources (env: Environment, cwd: string): Sources {
  const { assignments, ...found } = readDotenv(cwd)
  const inFile = withValue(Object.fromEntries(Array.from(assignments, ([name, { value }]) => [name, value])))
  const outside = withValue(env)
  return {
    ...found,
    variables: { ...inFile, ...outside },
    called (variable) {
      const line = variable in outside ? undefined : assignments.get(variable)?.line
      if (line !== undefined) return isPlainName(variable) ? variable : `the name in .env:${line}`
      return isPlainName(variable.toUpperCase()) ? variable : 'a variable of the environment'
    }
  }
}

type ReadDotenv = Findings & Pick<Dotenv, 'assignments'> & Pick<Sources, 'unread'>

function readDotenv (cwd: string): ReadDotenv {
  const refused = (mistake: string) => ({ assignments: new Map(), unread: { has: (name: string) => name !== '' }, mistakes: [mistake], warnings: [] })
  try {
    const content = readWhole(resolve(cwd, '.env'))
    if (content === undefined) return refused(unreadable)
    const { bytes, mode } = content
    // Of UTF-16, which editors on Windows write, the parser would make no setting at all, and of the policy none with it.
    if (!isUtf8(bytes) || bytes.includes(0)) return refused('.env is not UTF-8; save it as UTF-8')
    const { mistakes, repeated, ...read } = parseDotenv(bytes.toString())
    const warnings = repeated.map(({ name, line }) => `.env:${line}: ${isPlainName(name) ? name : 'this name'} is set a second time, and this value counts; keep one`)
    const writable = writableByEveryone(mode, { file: '.env', change: 'o=' })
    const readable = readableByEveryone(mode, { file: '.env' })
    if (writable !== undefined) return { ...read, mistakes: [writable, ...mistakes], warnings }
    return { ...read, mistakes, warnings: readable === undefined ? warnings : [readable, ...warnings] }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? { assignments: new Map(), unread: new Set(), mistakes: [], warnings: [] } : refused(unreadable)
  }
}

const unreadable = '.env cannot be read; check that it is a file that this user may read'

/** At once, as the command line needs it before all else. Without O_NONBLOCK, opening a pipe would wait for ever. */
function readWhole (path: string): { bytes: Buffer, mode: number } | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    // Containers mount /dev/null over a file that must not be seen.
    if (stats.isCharacterDevice()) return { bytes: Buffer.alloc(0), mode: 0 }
    return stats.isFile() ? { bytes: readFileSync(fd), mode: stats.mode } : undefined
  } finally {
    closeSync(fd)
  }
}

function withValue (variables: Environment): Environment {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''))
}

/** The files that `<NAME>_FILE` settings name, by absolute path. */
export function namedFiles ({ variables }: Pick<Sources, 'variables'>, cwd: string): string[] {
  return fromFile.map(name => variables[`${name}_FILE`]).filter(path => path !== undefined).map(path => resolve(cwd, path))
}

/** Reads what `<NAME>_FILE` settings name. */
export async function withFiles (sources: Sources, cwd: string): Promise<Sources> {
  const variables = { ...sources.variables }
  const mistakes = [...sources.mistakes]
  const unread = new Set<string>()
  for (const name of fromFile) {
    const path = variables[`${name}_FILE`]
    if (path === undefined) continue
    if (variables[name] !== undefined) {
      mistakes.push(`${name} and ${name}_FILE are both set; keep one`)
      continue
    }
    const content = await readFileOrPipe(resolve(cwd, path)).catch(() => undefined)
    if (content === undefined) {
      mistakes.push(`${name}_FILE names a file that cannot be read; check the path and its mode`)
      unread.add(name)
      continue
    }
    variables[name] = content.bytes.toString().replace(/\r?\n$/, '')
    const writable = writableByEveryone(content.mode, { file: path, setting: `${name}_FILE` })
    if (writable !== undefined) mistakes.push(writable)
  }
  return { ...sources, variables, mistakes, unread: { has: name => unread.has(name) || sources.unread.has(name) } }
}

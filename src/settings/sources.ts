import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readableByEveryone, writableByEveryone } from '../files/mode.js'
import { mistake, warning, type Diagnostic, type DiagnosticCode } from '../lib/diagnostic.js'
import { readFileOrPipe } from '../files/read.js'
import { parseDotenv, type Dotenv } from './dotenv.js'
import { fromFile } from './from-file.js'
import { isPlainName } from './variable-name.js'

export type Environment = Record<string, string | undefined>

/** A set of names of settings. */
export interface Names { has (name: string): boolean }

/** The values of settings, and the mistakes that were made in reading them. */
export interface Sources {
  variables: Environment
  diagnostics: Diagnostic[]
  /** Returns how messages name a variable that is not a setting: its name, or the line where it is. */
  called: (variable: string) => string
  /**
   * Settings whose value is unknown, because they may be in a line of `.env`, or in a file of a `_FILE` setting, that cannot be read.
   */
  unread: Names
}

/** Reads `.env` and the environment, which has precedence. Ignores empty values, because `.env.example` contains many. */
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

type ReadDotenv = Pick<Sources, 'diagnostics' | 'unread'> & Pick<Dotenv, 'assignments'>

function readDotenv (cwd: string): ReadDotenv {
  const refused = (code: DiagnosticCode, message: string): ReadDotenv =>
    ({ assignments: new Map(), unread: { has: name => name !== '' }, diagnostics: [mistake('.env', code, message)] })
  try {
    const content = readWhole(resolve(cwd, '.env'))
    if (content === undefined) return refused('unreadable', UNREADABLE)
    const { bytes, mode } = content
    // The parser would find no setting in UTF-16, which editors on Windows write: not even the one that names the policy.
    if (!isUtf8(bytes) || bytes.includes(0)) return refused('syntax', '.env is not UTF-8; save it as UTF-8')
    const { mistakes, repeated, ...read } = parseDotenv(bytes.toString())
    return { ...read, diagnostics: [...modeDiagnostics(mode), ...mistakes, ...repeated.map(repeatedName)] }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { assignments: new Map(), unread: new Set(), diagnostics: [] }
    return refused('unreadable', UNREADABLE)
  }
}

const UNREADABLE = '.env cannot be read; check that it is a file that this user may read'

function modeDiagnostics (mode: number): Diagnostic[] {
  const writable = writableByEveryone(mode, { file: '.env', change: 'o=' })
  if (writable !== undefined) return [mistake('.env', 'insecure', writable)]
  const readable = readableByEveryone(mode, { file: '.env' })
  return readable === undefined ? [] : [warning('.env', 'insecure', readable)]
}

function repeatedName ({ name, line }: Dotenv['repeated'][number]): Diagnostic {
  return warning('.env', 'conflict', `${isPlainName(name) ? name : 'this name'} is set a second time, and this value counts; keep one`, { line })
}

/** Synchronous, because commands need it first. O_NONBLOCK: otherwise opening a pipe could block for ever. */
function readWhole (path: string): { bytes: Buffer, mode: number } | undefined {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    // Containers mount /dev/null over a file to hide it.
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

/** Adds the content of the files that `<NAME>_FILE` settings name. */
export async function withFiles (sources: Sources, cwd: string): Promise<Sources> {
  const variables = { ...sources.variables }
  const diagnostics = [...sources.diagnostics]
  const unread = new Set<string>()
  for (const name of fromFile) {
    const path = variables[`${name}_FILE`]
    if (path === undefined) continue
    if (variables[name] !== undefined) {
      diagnostics.push(mistake(name, 'conflict', `${name} and ${name}_FILE are both set; keep one`))
      continue
    }
    const content = await readFileOrPipe(resolve(cwd, path)).catch(() => undefined)
    if (content === undefined) {
      diagnostics.push(mistake(`${name}_FILE`, 'unreadable', `${name}_FILE names a file that cannot be read; check the path and its mode`))
      unread.add(name)
      continue
    }
    variables[name] = content.bytes.toString().replace(/\r?\n$/, '')
    const writable = writableByEveryone(content.mode, { file: path, setting: `${name}_FILE` })
    if (writable !== undefined) diagnostics.push(mistake(path, 'insecure', writable))
  }
  return { ...sources, variables, diagnostics, unread: { has: name => unread.has(name) || sources.unread.has(name) } }
}

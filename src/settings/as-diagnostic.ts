import type { Diagnostic, DiagnosticCode } from '../lib/diagnostic.js'

/** The first that fits; `invalid` where none does. */
const codes: Array<[RegExp, DiagnosticCode]> = [
  [/ is missing\b| holds no users/, 'missing'],
  [/ is not a setting| is no product/, 'unknown'],
  [/ may (read|write) |unencrypted|anybody could send|is not set: every caller/, 'insecure'],
  [/ cannot be (read|loaded|opened)|changes while it is read| is not a file/, 'unreadable'],
  [/ has no use here/, 'no-effect'],
  [/ is not UTF-8|this line|closing quote/, 'syntax'],
  [/keep one|stands here again|which is taken|goes with/, 'conflict']
]

/** Makes data of a sentence, for the readers of settings and files that report in sentences: `NAME must be …`, `users.htpasswd:7 …`. */
export function asDiagnostic (level: Diagnostic['level'], text: string): Diagnostic {
  const code = codes.find(([pattern]) => pattern.test(text))?.[1] ?? 'invalid'
  const [, file, line, rest] = /^(\S+?):(\d+):? ([^]+)$/.exec(text) ?? []
  if (file !== undefined) return { level, subject: file, code, message: rest!, position: { line: Number(line) } }
  const [, subject] = / may (?:read|write) ([^;,]+)/.exec(text) ?? /^([^\s:]+)/.exec(text)!
  return { level, subject: subject!, code, message: text }
}

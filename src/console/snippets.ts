/** A token, and how it was asked for. */
export interface Given {
  /** The broker's address, with a slash at its end. */
  base: string
  path: string
  body: Record<string, unknown>
  /** The caller's name; null where it has a bearer token. */
  name: string | null
}

/** What a request may be without. */
type Request = Omit<Given, 'name'> & {
  /** Left out where no credentials are needed. */
  name?: string | null | undefined
  /** Where it is none that curl chooses by itself. */
  method?: string | undefined
}

/** The same request by curl, which asks for the password itself: a command line is for everyone on the machine to read. */
export function curl ({ base, path, body, name, method }: Request): string {
  const parts = ['curl', ...(method === undefined ? [] : ['-X', method]), ...credentialsOf(name), quoted(base + path)]
  if (Object.keys(body).length > 0) parts.push('-H', quoted('Content-Type: application/json'), '-d', quoted(JSON.stringify(body)))
  return parts.join(' ')
}

/** The token comes from a variable of the shell, as a command line is for everyone on the machine to read. */
function credentialsOf (name: Request['name']): string[] {
  if (name === null) return ['-H', '"Authorization: Bearer $TOKEN"']
  return name === undefined ? [] : ['-u', quoted(name)]
}

/** For the shell. */
function quoted (text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`
}

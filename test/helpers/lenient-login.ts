import type { Test } from 'tap'
import { answer, loginServer } from './login-server.js'

/** As logins fold names that take case, accents, width and format characters for nothing. */
const folded = (name: string) => name.normalize('NFKD').replace(/[\p{M}\p{Cf}]/gu, '').toLowerCase()

/** An application's login that is lenient about names. Everybody's password is `secret123`. */
export async function lenientLogin (t: Test, answers: Record<string, object>) {
  const server = await loginServer(({ username, password }, response) => {
    const found = answers[folded(username)]
    if (found === undefined || password !== 'secret123') return answer(response, 401)
    answer(response, 200, found)
  })
  t.teardown(server.close)
  return server
}

const letters = [['s', 'S', '\uff53', '\u015d', '\u015c', '\u015b'], ['u', 'U', '\uff55', '\u00f9', 'u\u0308', '\u00fa'], ['a', 'A', '\uff41', '\u00e0', '\u00c1', 'a\u200b']] as const

/** 216 spellings of susan. */
export const spellings = letters[0].flatMap(s => letters[1].flatMap(u => letters[2].map(a => `${s}${u}s${a}n`)))

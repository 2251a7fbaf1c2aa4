import { problem } from '../problems.js'
import type { IdentityRule } from '../products/contract.js'

/**
 * Refuses an identity that a product does not accept, and names the character at fault.
 * @throws Problem `identity-unsuitable`
 */
export function requireFittingIdentity (product: string, identity: string, { maxLength, characters, described }: IdentityRule): void {
  if (identity.length <= maxLength && characters === undefined) return
  const all = [...identity]
  if (all.length > maxLength) {
    throw problem('identity-unsuitable', { detail: `identity: ${product} takes at most ${maxLength} characters.` })
  }
  const bad = characters && all.findIndex(character => !characters.test(character))
  if (bad !== undefined && bad !== -1) {
    const code = all[bad]!.codePointAt(0)!
    // Other characters than those of ASCII are not shown: they could change the text around them.
    const shown = code < 0x7f ? `"${all[bad]}" (${unicode(code)})` : unicode(code)
    throw problem('identity-unsuitable', { detail: `identity: ${product} takes ${described} only, and character ${bad + 1} is ${shown}.` })
  }
}

function unicode (code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

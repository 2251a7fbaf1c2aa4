/** Who the credentials belong to. */
export interface Caller {
  /** As it stands in the store, or as it was typed where `asTyped` says so; NFC. */
  readonly name: string
  /** The name inside the caller's tokens; NFC. */
  readonly identity: string
  /**
   * True if the store did not return its own spelling of the name. Other spellings may then be the same caller, so compare the name with
   * lists in its canonical form.
   */
  readonly asTyped?: true
  /** The groups that the store, or the identity provider of a bearer token, says the caller is in; NFC. Absent: none. */
  readonly groups?: readonly string[] | undefined
}

/**
 * What the names of callers with a bearer token begin with. No other name can hold a `:`, so the two kinds never meet:
 * the policy tells them apart by it.
 */
export const bearerPrefix = 'jwt:'

/** How lists of names write a group that the identity provider says its callers are in. */
export const bearerGroupPrefix = 'jwt-group:'

/** Whether a caller came with a bearer token of the application's own identity provider. */
export function isBearer ({ name }: Pick<Caller, 'name'>): boolean {
  return name.startsWith(bearerPrefix)
}

/** What a caller's list of groups may hold at most. */
export const groupLimits = { groups: 200, characters: 128 } as const

/**
 * The groups in what a store or a token says of its caller: each once, in NFC.
 * @returns undefined where it is no list of texts, or a longer one than is taken
 */
export function groupsIn (value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > groupLimits.groups || !value.every(isGroup)) return undefined
  return [...new Set(value.map(group => group.normalize('NFC')))]
}

function isGroup (value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 2 * groupLimits.characters && [...value].length <= groupLimits.characters && !unprintable.test(value)
}

/** Control characters, halves of surrogate pairs and line breaks: no name needs them, and they are dangerous in logs and terminals. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

/** Unicode code points. Twilio Voice takes identities up to this length, the other products longer ones. */
const longestName = 121

/**
 * Every rule that a caller's name keeps, in words for the person who broke it.
 * `:` ends the name in HTTP Basic (RFC 7617 §2) and in the users file; `*`, `{` and `}` have a meaning in the policy.
 */
const rules: ReadonlyArray<{ says: string, keeps: (name: string) => boolean }> = [
  { says: `a name has 1 to ${longestName} characters`, keeps: name => name !== '' && (name.length <= longestName || [...name].length <= longestName) },
  { says: 'a name is in Unicode normal form C (NFC)', keeps: name => name === name.normalize('NFC') },
  { says: 'a name holds no control characters', keeps: name => !unprintable.test(name) },
  { says: 'a name holds none of : * { }', keeps: name => !/[:*{}]/.test(name) },
  { says: 'a name has no blank at either end', keeps: name => name === name.trim() }
]

/** Whether a text may stand in a token as an identity, as far as that does not depend on the product. */
export function isIdentity (text: string): boolean {
  return text !== '' && !unprintable.test(text)
}

/** The first rule that a name breaks, in words that do not repeat the name; undefined when it keeps them all. */
export function nameMistake (name: string): string | undefined {
  return rules.find(({ keeps }) => !keeps(name))?.says
}

/** UTF-16 units. Bounds the work of normalising input; no name of 121 characters is longer in any normal form. */
const longestSpelling = 1024

/** The name that a login means: in NFC, or undefined when no caller can be called that. */
export function loginName (sent: string): string | undefined {
  if (sent.length > longestSpelling) return undefined
  const name = sent.normalize('NFC')
  return nameMistake(name) === undefined ? name : undefined
}

/**
 * The key by which the users file refuses duplicates: case, normal form and blanks around a name do not count, accents do.
 * Lower case, then upper case: neither alone makes `ß`, `ẞ` and `ss` meet, or the three sigmas.
 */
export function duplicateKey (name: string): string {
  return name.normalize('NFC').trim().toLowerCase().toUpperCase().normalize('NFC')
}

/**
 * Characters whose compatibility form is one of `: * { }`. Folded as they are, a name that holds one could meet what those mean in a
 * policy.
 */
const reservedLookalikes = /[\uFF1A\uFE55\uFE13\u2A74\uFF0A\uFE61\uFF5B\uFE5B\uFE37\uFF5D\uFE5C\uFE38]/g

/** ASCII characters, for which folding changes only the case. Most names have only these, and skip the costly steps. */
const plain = /^[ -)+-9;-z|~]+$/

/**
 * Folds case, width and other compatibility forms (NFKC), and takes out marks and all that is invisible.
 * Case is folded before marks are removed, as some capital letters are written with a mark less.
 */
export function foldText (text: string): string {
  if (plain.test(text)) return text.toUpperCase()
  return text.replace(reservedLookalikes, '\uFFFD').normalize('NFKC').toLowerCase().toUpperCase()
    .normalize('NFKD').replace(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '').normalize('NFC')
}

/**
 * Returns one key for all spellings of a name that a login may accept: ignores case, accents, width, format characters and blanks around
 * the name. Limits and locks always use this key; the policy uses it if the store does not return a name.
 * @param name one that `loginName` or a policy takes, so that it is short
 */
export function canonicalName (name: string): string {
  return foldText(name).trim()
}

/** The key by which a caller's tokens are counted: the same for all names and spellings with which the caller can sign in. */
export function limitKey ({ name, identity, asTyped }: Caller): string {
  // An identity provider has one spelling of each name.
  if (isBearer({ name })) return name
  // Without a name from the store, the identity is what several login names of one caller have in common.
  return canonicalName(asTyped ? identity : name)
}

/** A list of names that an operator wrote. It matches a caller by the same rules as the policy. */
export class NameList {
  readonly #exact: ReadonlySet<string>
  readonly #folded: ReadonlySet<string>

  constructor (names: readonly string[]) {
    this.#exact = new Set(names.map(name => name.normalize('NFC')))
    this.#folded = new Set(names.map(canonicalName))
  }

  has ({ name, asTyped, groups = [] }: Caller): boolean {
    if (isBearer({ name })) return this.#exact.has(name) || groups.some(group => this.#exact.has(bearerGroupPrefix + group))
    return asTyped ? this.#folded.has(canonicalName(name)) : this.#exact.has(name)
  }
}

import { isAlias, isMap, isSeq, LineCounter, parseDocument, visit, type Document, type Node, type Scalar } from 'yaml'

/** A place in a file, both from 1. */
export interface Position {
  line: number
  col: number
}

/** Something to say about a place. */
export interface Finding extends Position {
  says: string
}

/** Keys and indexes that lead from the top to a value. */
export type Path = readonly string[]

export interface Yaml {
  /** Undefined with mistakes: half a file has no meaning. */
  value: unknown
  mistakes: Finding[]
  /** The place of a value, or of the key that it stands under. */
  positionOf (path: Path, of?: 'value' | 'key'): Position
}

/** How often anchors may be used: a list of aliases of lists of aliases unfolds to more than any memory holds. */
const maxAliases = 10_000

const quotes = (message: string) => `${message}; a text that holds { or starts with * needs quotes`

/** What to do, for where the parser only says what it met. */
const advice: Partial<Record<string, (message: string) => string>> = {
  BAD_ALIAS: () => 'a name that starts with * needs quotes, as in ["*"]',
  MISSING_CHAR: quotes,
  MULTIPLE_DOCS: () => 'a second document starts here; a policy is one',
  NON_STRING_KEY: () => quotes('a key must be text'),
  TAB_AS_INDENT: () => 'a tab cannot indent; use blanks',
  UNEXPECTED_TOKEN: quotes
}

/** Reads one YAML 1.2 document, of which JSON is a part. */
export function readYaml (text: string): Yaml {
  const lines = new LineCounter()
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // The parser would compare each key with all before it.
    uniqueKeys: false
  })
  const mistakes: Finding[] = [...document.errors, ...document.warnings].map(({ code, message, pos: [offset] }) => (
    { ...lines.linePos(offset), says: advice[code]?.(message) ?? message }
  ))
  const anchors = new Map<string, Node>()
  if (mistakes.length === 0) {
    walk(document, anchors, (node, says) => mistakes.push({ ...lines.linePos(startOf(node, 0)), says }))
  }
  return {
    mistakes,
    value: mistakes.length === 0 ? unfold(document, says => mistakes.push({ line: 1, col: 1, says })) : undefined,
    positionOf: (path, of = 'value') => lines.linePos(offsetOf(document, anchors, path, of))
  }
}

/** What the parser leaves to its user: a key twice in one map, an alias of nothing. */
function walk (document: Document, anchors: Map<string, Node>, report: (node: Node, says: string) => void): void {
  visit(document, {
    Node (_, node) {
      if (isAlias(node)) {
        if (!anchors.has(node.source)) report(node, `*${node.source} is an alias of nothing; a name that starts with * needs quotes`)
        return
      }
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      if (!isTextMap(node)) return
      const keys = new Set<string>()
      for (const { key } of node.items) {
        if (keys.has(key.value)) report(key, `${key.value} stands here a second time; keep one`)
        keys.add(key.value)
      }
    }
  })
}

function unfold (document: Document, report: (says: string) => void): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases })
  } catch {
    report('aliases are used too often; write a group, or the lists themselves')
    return undefined
  }
}

function offsetOf ({ contents }: Document, anchors: Map<string, Node>, path: Path, of: 'value' | 'key'): number {
  let node: unknown = contents
  let offset = startOf(node, 0)
  for (const [i, key] of path.entries()) {
    if (isAlias(node)) node = anchors.get(node.source)
    if (isTextMap(node)) {
      const pair = node.items.find(item => item.key.value === key)
      offset = startOf(pair?.key, offset)
      if (of === 'key' && i === path.length - 1) return offset
      node = pair?.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
    }
    offset = startOf(node, offset)
  }
  return offset
}

/** With `stringKeys`, a document without errors has no other maps. */
const isTextMap = isMap<Scalar<string>, Node | null>

/** A value that is left out has a place of no width, behind the blanks and comments that follow. */
function startOf (node: unknown, otherwise: number): number {
  const { range } = (node ?? {}) as Partial<Node>
  return range && range[0] < range[1] ? range[0] : otherwise
}

import { isAlias, isMap, isSeq, LineCounter, parseDocument, visit, type Document, type Node, type Scalar } from 'yaml'
import type { Position } from '../../lib/diagnostic.js'
import type { Path, PlacedFault } from './fault.js'

export interface Yaml {
  /** Undefined if there are faults. */
  value: unknown
  faults: PlacedFault[]
  /** The position of a value, or of its key. */
  positionOf (path: Path, of?: 'value' | 'key'): Position
}

/** How often anchors may be used. Lists of aliases of lists of aliases would unfold to more than fits into memory. */
const MAX_ALIASES = 10_000

const quotes = (message: string) => `${message}; a text that holds { or starts with * needs quotes`

/** Better messages for some of the parser's errors: what to do, not only what it found. */
const advice: Partial<Record<string, (message: string) => string>> = {
  BAD_ALIAS: () => 'a name that starts with * needs quotes, as in ["*"]',
  MISSING_CHAR: quotes,
  MULTIPLE_DOCS: () => 'a second document starts here; a policy is one',
  NON_STRING_KEY: () => quotes('a key must be text'),
  TAB_AS_INDENT: () => 'a tab cannot indent; use blanks',
  UNEXPECTED_TOKEN: quotes
}

/** Reads one YAML 1.2 document. JSON is a part of YAML. */
export function readYaml (text: string): Yaml {
  const lines = new LineCounter()
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // The parser would compare each key with all others, which takes quadratic time; `walk` finds duplicates.
    uniqueKeys: false
  })
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const faults: PlacedFault[] = [...document.errors, ...document.warnings].map(({ code, message, pos: [offset] }) => (
    { code: 'syntax', message: advice[code]?.(message) ?? message, position: positionAt(offset) }
  ))
  const anchors = new Map<string, Node>()
  if (faults.length === 0) {
    walk(document, anchors, (node, message) => faults.push({ code: 'syntax', message, position: positionAt(startOf(node, 0)) }))
  }
  return {
    faults,
    value: faults.length === 0 ? unfold(document, message => faults.push({ code: 'syntax', message, position: positionAt(0) })) : undefined,
    positionOf: (path, of = 'value') => positionAt(offsetOf(document, anchors, path, of))
  }
}

/** Finds what the parser does not report: a key that a map has twice, and an alias without an anchor. */
function walk (document: Document, anchors: Map<string, Node>, report: (node: Node, message: string) => void): void {
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

function unfold (document: Document, report: (message: string) => void): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
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

/** True for all maps of a document without errors, because of `stringKeys`. */
const isTextMap = isMap<Scalar<string>, Node | null>

/** A missing value has an empty range after blanks and comments, where nobody would look for it: then the position before it is better. */
function startOf (node: unknown, otherwise: number): number {
  const { range } = (node ?? {}) as Partial<Node>
  return range && range[0] < range[1] ? range[0] : otherwise
}

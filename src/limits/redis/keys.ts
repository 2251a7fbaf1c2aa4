import { hash } from 'node:crypto'

/** Makes the key in Redis of a text. `name` says what is kept under it. */
export type KeyOf = (name: string, text: string) => string

/**
 * Keys of brokers that share their counters. The prefix in braces is a hash tag: a Redis Cluster keeps all keys with one tag on one node,
 * where a script may use them together. The number is a version: it goes up when the scripts change what they store.
 * A key holds a digest of the text, because people type passwords into the name's field.
 */
export function keysWith (prefix: string): KeyOf {
  return (name, text) => `{${prefix}}:2:${name}:${hash('sha256', text, 'base64url')}`
}

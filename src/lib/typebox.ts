/**
 * The part of TypeBox that the broker uses. TypeBox is 300 files and 20 MB: loading them one by one takes as long as Fastify itself. The
 * build makes one file of those that this file needs.
 */
export { Type } from 'typebox'
export type { Static, TObject, TSchema } from 'typebox'

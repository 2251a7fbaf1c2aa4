/**
 * The part of TypeBox that the broker uses. TypeBox has 300 files, and loading them one by one takes as long as loading Fastify. So the
 * build bundles those that this file needs.
 */
export { Type } from 'typebox'
export type { Static, TObject, TSchema } from 'typebox'

/**
 * TypeBox, as all of the broker takes it. It comes as 300 files, which to load one by one takes as long as Fastify itself,
 * and 20 MB: the build makes one of those that this one needs.
 */
export { Type } from 'typebox'
export type { Static, TObject, TSchema } from 'typebox'

import type { Static, TObject } from '../lib/typebox.js'
import { regions as allRegions } from '../lib/twilio-limits.js'
import { checkedGrant } from './checked-grant.js'
import { closed } from './closed.js'
import { description, type GrantContext, type IdentityRule, type LoadedProduct, type Product, type ProductDefinition, type ProductDescription, type ProductPlugin } from './contract.js'
import { checkDefinition } from './definition.js'
import { closedObject, noTokenQuery, requestBody, tokenAnswer } from './schemas.js'

/**
 * Creates a product plugin. All types are inferred from the schemas, so a misspelt property is a compile error.
 *
 * @example
 * export default defineProduct({
 *   name: 'video',
 *   settings: Type.Object({}),
 *   request: Type.Object({ room: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })) }),
 *   allow: Type.Object({ rooms: Type.Optional(Patterns) }),
 *   grant: ({ request, allow, choose }) => new VideoGrant({ room: choose('room', request.room, allow.rooms) })
 * })
 * @throws TypeError that names the product and each field at fault
 */
export function defineProduct<Settings extends TObject, Request extends TObject, Allow extends TObject> (
  definition: ProductDefinition<Settings, Request, Allow>
): Product {
  checkDefinition(definition)
  const described = describe(definition)
  const { name, body } = described
  const config = { product: name }
  const answered = { querystring: noTokenQuery, response: { 200: tokenAnswer } }
  const plugin: ProductPlugin = async (scope, { handler }) => {
    scope.post(`/${name}`, { config, schema: { summary: `A token for ${name}`, body, ...answered } }, handler)
    scope.get(`/${name}`, { config, schema: { summary: `A token for ${name}, with nothing asked`, ...answered } }, handler)
  }
  return Object.assign(plugin, { [description]: described })
}

function describe<Settings extends TObject, Request extends TObject, Allow extends TObject> (
  {
    name,
    settings,
    request,
    allow,
    identity = { maxLength: 256 },
    regions = allRegions,
    defersGrant,
    yields = false,
    grant
  }: ProductDefinition<Settings, Request, Allow>
): ProductDescription {
  return {
    name,
    settings,
    request,
    allow: closed(allow),
    body: requestBody(request),
    entry: closedObject({ ...request, description: `what is requested of ${name}; {} for nothing in particular` }),
    identity: inWords(identity),
    regions,
    defersGrant: defersGrant ?? yields,
    // The broker has validated the context by these very schemas, so the types are right.
    grant: context => checkedGrant(name, grant(context as GrantContext<Static<Settings>, Static<Request>, Static<Allow>>))
  }
}

function inWords ({ characters, ...rule }: IdentityRule): IdentityRule {
  return characters === undefined ? rule : { described: `characters that match ${characters.source}`, characters, ...rule }
}

export function isProduct (value: unknown): value is Product {
  return typeof value === 'function' && description in value
}

export function loadedProduct (plugin: Product): LoadedProduct {
  return { ...plugin[description], plugin }
}

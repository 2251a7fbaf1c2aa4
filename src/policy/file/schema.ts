import { Type, type Static } from '../../lib/typebox.js'
import { tokenLifetime } from '../../lib/twilio-limits.js'
import type { ProductDescription } from '../../products/contract.js'
import { AnyName, Patterns } from '../../products/schemas.js'

const Groups = Type.Record(AnyName, Type.Array(Type.String({ description: 'a caller\'s name' })), {
  description: 'groups of callers: for each group its name and the list of its members'
})

const Who = Type.Array(Type.String({ examples: ['*', 'group:support', 'jwt:*', 'jwt:susan@example.com', 'jwt-group:support'] }), {
  minItems: 1,
  description: 'callers\' names, in which * stands for any run of characters, and groups, as group:NAME'
})

const identities = 'identities that callers may have in their tokens besides their own; * stands for any run of characters, {caller} for the caller\'s name'

const MaxTtl = Type.Integer({ minimum: tokenLifetime.min, maximum: tokenLifetime.max, description: `the longest life of a token, ${tokenLifetime.min} to ${tokenLifetime.max} seconds` })

/** Decisions that `policy test` expects. */
export const Expectations = Type.Array(Type.Object({
  caller: Type.String({ description: 'the caller\'s name, or jwt: and the name' }),
  groups: Type.Optional(Type.Array(Type.String(), { description: 'groups that the store or the identity provider says the caller is in' })),
  product: Type.String({ description: 'the requested product' }),
  request: Type.Optional(Type.Object({}, { description: 'the request, as in the body of an HTTP request' })),
  expect: Type.Enum(['allowed', 'refused'], { description: 'what the policy should decide' })
}, { additionalProperties: false }), { description: 'decisions that the command policy test expects; nothing else reads them' })

/**
 * Returns the JSON Schema of policy files, with the entry of each product. It is draft-07, because editors complete from that.
 * @param more whether other products may have entries, too
 */
export function policySchema (products: Iterable<ProductDescription>, more = false) {
  const Rule = Type.Object({
    who: Who,
    allow: allowSchema(products, more),
    maxTtl: Type.Optional(MaxTtl),
    identities: Type.Optional(Type.Array(Patterns.items, { description: identities }))
  }, { additionalProperties: false, description: 'the first rule whose who matches a caller decides' })

  return Type.Object({
    $schema: Type.Optional(Type.String({ description: 'where an editor finds this schema; nothing else reads it' })),
    mode: Type.Optional(Type.Enum(['enforce', 'audit'], {
      description: 'audit allows what the policy would refuse, and records it in the audit; default: enforce'
    })),
    groups: Type.Optional(Groups),
    rules: Type.Array(Rule, { minItems: 1, description: 'the first rule whose who matches a caller decides; without a match, nothing is allowed' }),
    tests: Type.Optional(Expectations)
  }, { $schema: 'http://json-schema.org/draft-07/schema#', title: 'twilio-token-broker policy', additionalProperties: false })
}

export type PolicyFile = Static<ReturnType<typeof policySchema>>

function allowSchema (products: Iterable<ProductDescription>, more: boolean) {
  const properties = Object.fromEntries(Array.from(products, product => {
    const { name, allow } = product
    const { properties } = allow as { properties: object }
    return [name, {
      description: `what the rule's callers may do in ${name}; {} is all that is configured`,
      ...allow,
      // The broker adds this property to the entry of every product.
      properties: { ...properties, maxTtl: MaxTtl }
    }]
  }))
  return Type.Unsafe<Record<string, object>>({
    type: 'object', properties, additionalProperties: more, description: 'products; what is not named is not allowed'
  })
}

/** The policy that the documentation shows. */
export const example = `groups:
  support: [susan, juan]
rules:
  - who: [group:support]
    allow:
      video: { rooms: ["My Room", "support-*"] }
      voice: { incoming: true, outgoing: true }
      sync: {}
    maxTtl: 3600
  - who: [backend]                 # a server that asks for its own users
    allow: { video: {}, conversations: {} }
    identities: ["guest-*"]
  - who: ["*"]
    allow: { video: { rooms: [lobby] } }
`

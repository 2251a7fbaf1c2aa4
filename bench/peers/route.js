// A route with the broker's body schema that answers bytes of the size of its answer.
const answer = JSON.stringify({
  token: 'x'.repeat(Number(process.env.TOKEN_LENGTH)),
  identity: 'susan',
  expiresIn: 3600,
  expiresAt: new Date().toISOString()
})

export async function serve (app) {
  app.post('/token/video', {
    schema: {
      body: {
        type: 'object',
        properties: {
          room: { type: 'string', minLength: 1, maxLength: 128 },
          ttl: { type: 'integer', minimum: 180, maximum: 86400 },
          identity: { type: 'string', minLength: 1, maxLength: 256 }
        },
        additionalProperties: false
      }
    }
  }, async (request, reply) => {
    reply.type('application/json')
    return answer
  })
  await app.listen({ port: Number(process.env.PORT) })
}

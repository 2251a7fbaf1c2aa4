const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that ended in 2023 and is signed by an account. */
export const ended = [
  base64url({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' }),
  base64url({ iss: `SK${'1'.repeat(32)}`, sub: `AC${'1'.repeat(32)}`, iat: 1_700_000_000, exp: 1_700_003_600, grants: { identity: 'susan', video: { room: 'My Room' } } }),
  'A'.repeat(43)
].join('.')

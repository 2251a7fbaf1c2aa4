/** argon2id as cheap as it is taken, for these passwords are no secret and the tests are many. */
export const cheaply = { memoryCost: 64, timeCost: 1, parallelism: 1 }

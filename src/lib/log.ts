interface Write {
  (message: string): void
  /** @param fields go into the line beside the message */
  (fields: object, message: string): void
}

/** Where the broker tells the operator what no caller may know. Pino's and Fastify's loggers are such. */
export interface Log {
  info: Write
  warn: Write
  error: Write
}

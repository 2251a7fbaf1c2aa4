interface Write {
  (message: string): void
  /** @param fields are added to the line as JSON */
  (fields: object, message: string): void
}

/** A logger for the operator, such as Pino's or Fastify's. */
export interface Log {
  info: Write
  warn: Write
  error: Write
}

import type { Description, Operation, Schema } from './available-products.js'

/** One operation of the API, as its reference shows it. */
export interface Entry {
  id: string
  method: string
  path: string
  operation: Operation
  body: Schema | undefined
  /** By status. */
  answers: Array<{ status: string, description: string, schema: Schema | undefined }>
}

/** Every operation, those for tokens first. */
export function entriesOf ({ paths }: Description): Entry[] {
  const entries = Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]): Entry => ({
    id: `${method}${path.replaceAll('/', '-')}`,
    method: method.toUpperCase(),
    path,
    operation,
    body: operation.requestBody?.content['application/json']?.schema,
    answers: Object.entries(operation.responses).map(([status, { description, content = {} }]) => ({
      status, description, schema: Object.values(content)[0]?.schema
    }))
  })))
  return entries.sort((one, other) => Number(other.path.startsWith('/token')) - Number(one.path.startsWith('/token')))
}

/** Who may ask. */
export function whoInWords ({ security, ...operation }: Operation): string {
  if (security?.length === 0) return 'for anyone, without credentials'
  return operation['x-allowed'] === true ? 'for you' : 'not for you'
}

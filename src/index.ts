export { broker, type BrokerOptions } from './embedded.js'
export { StartError } from './state.js'
export type { Authenticate, Authenticated } from './callers/application.js'
export type { GivenSettings } from './settings/given.js'

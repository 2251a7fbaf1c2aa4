export { broker, type BrokerOptions } from './server/embedded.js'
export { StartError } from './server/config.js'
export type { Authenticate, Authenticated } from './callers/stores/authenticate.js'
export type { GivenSettings } from './settings/embedded.js'

export { broker, type Application, type BrokerOptions } from './server/embedded.js'
export { StartError } from './server/config.js'
export type { ApplicationRequest, Authenticate, Authenticated } from './callers/stores/authenticate.js'
export type { GivenSettings } from './settings/embedded.js'

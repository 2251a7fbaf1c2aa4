import type { BrowserContext } from 'playwright-core'
import type { Product } from '../fakes/twilio/verify.js'

export interface TokenRequest {
  url: string
  name: string
  password: string
  body?: object
}

/** What the SDK itself says. `refused` is the code in its error. */
export type Outcome =
  | { reached: string, identity?: string, room?: string }
  | { refused: number, message: string }

type End = 'aboutToExpire' | 'expired'

/** What page/application.js offers inside the page. */
export interface Application {
  fetchToken: (request: TokenRequest) => Promise<{ token: string, identity: string }>
  start: (job: { name: Product, token: string, room?: string }) => Promise<Outcome>
  /** Resolves when the SDK has said so. */
  heard: (what: End) => Promise<End>
  update: (token: string) => Promise<void>
}

declare global {
  const application: Application
}

/** Opens the application's page in a tab of its own; what is called here runs there. */
export async function openPage (context: BrowserContext, origin: string): Promise<Application> {
  const page = await context.newPage()
  await page.goto(origin)
  return {
    fetchToken: (request) => page.evaluate((request) => application.fetchToken(request), request),
    start: (job) => page.evaluate((job) => application.start(job), job),
    heard: (what) => page.evaluate((what) => application.heard(what), what),
    update: (token) => page.evaluate((token) => application.update(token), token)
  }
}

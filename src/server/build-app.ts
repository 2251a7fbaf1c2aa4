import type { ProviderKeys } from '../callers/bearer/keys.js'
import type { Sessions } from '../callers/session/sessions.js'
import { createApp } from '../http/app.js'
import type { Settings } from '../settings/schema.js'
import { appOptions, type AppContext } from './app-options.js'
import { createBearer } from './bearer.js'
import type { Config } from './config.js'
import { createSessions } from './sessions.js'

/** An app with what was created for its config. */
export interface BuiltApp {
  settings: Settings
  sessions: Sessions | undefined
  app: Awaited<ReturnType<typeof createApp>>
}

/** @param keys the keys of the identity provider that the config names */
export async function buildApp (config: Config, keys: ProviderKeys | undefined, context: AppContext): Promise<BuiltApp> {
  const { settings } = config
  const { services, ownOrigins, prefix } = context
  const sessions = createSessions(settings, services.store.sessions, services.sessions, { ownOrigins, prefix })
  const bearer = await createBearer(settings, keys)
  return { settings, sessions, app: await createApp(appOptions(config, context, { sessions, bearer })) }
}

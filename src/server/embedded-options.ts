import type { Authenticate } from '../callers/stores/authenticate.js'
import type { Identify } from '../callers/stores/identify.js'
import { mistake, type Diagnostic } from '../lib/diagnostic.js'
import { isRecord } from '../lib/is-record.js'
import type { GivenSettings } from '../settings/embedded.js'

export interface BrokerOptions {
  /** The path of the broker in the application, such as `/twilio`: a plain path of its own. */
  prefix: string
  /** The settings, by the same names as in the environment. The environment and `.env` are not read. */
  settings: GivenSettings
  /** The application's own login. The broker limits guesses before it calls this. Without it, nobody has a password. */
  authenticate?: Authenticate
  /**
   * Returns who is signed in with the application already, for example by its cookie. Called for a POST without `Authorization` that only a
   * page of the application itself can send: JSON, with the header `X-Requested-With`.
   */
  identify?: Identify
  /**
   * Seconds, 0 to 900, for which a right password is cached. Default: 0, `authenticate` is called each time. Use it only if `authenticate`
   * decides by name and password alone.
   */
  rememberFor?: number
  /** The folder that relative paths in the settings start from. Default: the process's working directory. */
  cwd?: string
  /**
   * Called once with `reload`, which reads a changed policy or key file immediately and reopens the audit log. Call `reload` on SIGHUP, for
   * example.
   */
  onStart?: (broker: { reload: () => Promise<void> }) => void
}

/** As long as logins of a users file are cached. */
const MAX_REMEMBER_SECONDS = 900

/** The broker needs a path of its own: otherwise it would answer for paths of the application. */
const PLAIN_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/

/**
 * The application's part may contain more characters, but no parameter or wildcard, and none that requests may encode: the broker must know
 * its path.
 */
const LITERAL_PATH = /^(\/(?!\.{1,2}(\/|$))[\w.~!$&'()+,;=@-]+)*$/

/** In JavaScript each option may be of any type. */
type GivenOptions = Partial<Record<keyof BrokerOptions, unknown>>

/**
 * Checks all options but the content of `settings`.
 * @param whole the prefix together with that of the application's scope
 */
export function optionMistakes (
  { prefix, settings, authenticate, identify, rememberFor = 0, cwd = '', onStart }: GivenOptions,
  whole: string
): Diagnostic[] {
  const isPlain = PLAIN_PATH.test(String(prefix))
  const hasOthers = identify !== undefined || (isRecord(settings) && settings.JWT_ISSUER !== undefined)
  const rules: Array<[isRight: boolean, option: keyof BrokerOptions, says: string]> = [
    [isPlain, 'prefix', 'must be a plain path of the broker\'s own, such as /twilio'],
    [!isPlain || LITERAL_PATH.test(whole), 'prefix', 'lies below a path of the application that has a parameter or a wildcard, or is not plain text: register the broker below a fixed path'],
    [settings === undefined || isRecord(settings), 'settings', 'must be an object, such as { TWILIO_ACCOUNT_SID: \'AC…\' }'],
    [typeof authenticate === 'function' || (authenticate === undefined && hasOthers), 'authenticate', 'must be a function that takes a name, a password and the request; it may be left out beside identify, or with JWT_ISSUER'],
    [identify === undefined || typeof identify === 'function', 'identify', 'must be a function that takes the request'],
    [typeof rememberFor === 'number' && rememberFor >= 0 && rememberFor <= MAX_REMEMBER_SECONDS, 'rememberFor', `must be a number of seconds, 0 to ${MAX_REMEMBER_SECONDS}`],
    [typeof cwd === 'string', 'cwd', 'must be the path of a folder'],
    [onStart === undefined || typeof onStart === 'function', 'onStart', 'must be a function']
  ]
  return rules.filter(([isRight]) => !isRight).map(([, option, says]) => mistake(option, 'invalid', `${option} ${says}`))
}

import { watchFiles } from '../files/watch.js'
import { detach } from '../lib/detach.js'
import type { Log } from '../lib/log.js'
import type { Config } from './config.js'

/** Watches the files that a config was read from. */
export class ConfigWatch {
  readonly #onChange: () => Promise<void>
  readonly #logger: Log
  #current = new AbortController()

  /** @param onChange must report its own failures */
  constructor (onChange: () => Promise<void>, logger: Log) {
    this.#onChange = onChange
    this.#logger = logger
  }

  /** Watches the files of this config, and no longer those of the one before. */
  watch ({ stamps }: Config): void {
    this.#current.abort()
    this.#current = new AbortController()
    detach(watchFiles({ stamps: new Map(stamps), signal: this.#current.signal, onChange: this.#onChange })
      .catch(error => this.#logger.error({ err: error }, 'the settings\' files are not watched any more; send SIGHUP after a change')))
  }

  close (): void {
    this.#current.abort()
  }
}

import type { Ask, Reply } from './request.js'

/** What a check needs in addition to the broker's address. */
export type Need = 'login' | 'origin' | 'room'

/** The broker under test, and the options of the command. */
export interface Target {
  /** Without a slash at its end. */
  url: string
  /** The `Authorization` header of somebody who may have tokens. */
  login: string | undefined
  /** An origin whose pages may use the broker. */
  origin: string | undefined
  /** A Video room that the policy refuses to the caller of `login`. */
  room: string | undefined
  /** Sends a request to the broker. */
  ask: (request: Ask) => Promise<Reply>
}

/** One line of the report. */
export interface Check {
  name: string
  /** What the check shows if it succeeds, as a sentence. */
  says: string
  needs?: Need
  /**
   * @returns what is wrong, as a sentence; undefined if nothing is
   * @throws Unreachable, Unavailable, Limited, or Skipped
   */
  run (target: Target): Promise<string | undefined>
}

/** The check does not apply to this broker. */
export class Skipped extends Error {}

import type { Ask, Reply } from './request.js'

/** What a check needs, besides the broker's address. */
export type Need = 'login' | 'origin' | 'room'

/** The broker under test, and what the operator said of it. */
export interface Target {
  /** Without a slash at its end. */
  url: string
  /** The `Authorization` header of somebody who may have tokens. */
  login: string | undefined
  /** An origin whose pages may use the broker. */
  origin: string | undefined
  /** A Video room that the policy refuses to whom `login` is. */
  room: string | undefined
  /** Sends a request to the broker. */
  ask: (request: Ask) => Promise<Reply>
}

/** One line of the report. */
export interface Check {
  name: string
  /** What is right, in a sentence. */
  says: string
  needs?: Need
  /**
   * @returns what is wrong, in a sentence; undefined where nothing is
   * @throws Unreachable, Unavailable, Limited, or Skipped
   */
  run (target: Target): Promise<string | undefined>
}

/** A check that says nothing here. */
export class Skipped extends Error {}

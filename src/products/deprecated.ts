import type { GrantContext } from './contract.js'
import { badRequest, forbid, resolveFlag } from './refusals.js'

/** @deprecated Use `GrantContext`. Gone in 1.0. */
export type Ask<Settings, Request, Allow> = GrantContext<Settings, Request, Allow>

/** @deprecated Use `forbid`. Gone in 1.0. */
export const refuse: typeof forbid = forbid

/** @deprecated Use `badRequest`. Gone in 1.0. */
export const invalid: typeof badRequest = badRequest

/** @deprecated Use `resolveFlag`. Gone in 1.0. */
export const permit = resolveFlag

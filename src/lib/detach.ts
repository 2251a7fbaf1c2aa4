/**
 * Marks a promise that is not awaited because it handles its own errors. If it rejects anyway, that is a bug: the rejection stays
 * unhandled, so that it is logged and ends the process.
 */
export function detach (_work: Promise<unknown>): void {}

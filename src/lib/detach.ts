/**
 * Marks a promise that nobody awaits because it handles its own errors. If it rejects all the same, that is a bug: the rejection stays
 * unhandled, so that it is logged and ends the process.
 */
export function detach (_work: Promise<unknown>): void {}

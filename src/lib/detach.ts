/**
 * Marks work that nobody waits for and that handles its own errors. A rejection of it is a fault of ours: it stays unhandled, so that it
 * is logged and ends the process.
 */
export function detach (_work: Promise<unknown>): void {}

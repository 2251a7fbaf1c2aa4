/** Lets everything happen that needs no time. */
export const settle = () => new Promise(resolve => setImmediate(resolve))

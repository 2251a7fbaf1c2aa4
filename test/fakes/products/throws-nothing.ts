// eslint-disable-next-line no-throw-literal -- that it can be done is the point
throw undefined

export {}

throw new Error('no such licence')

export {}

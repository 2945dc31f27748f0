// A module whose namespace is an input.

export const number = 12.5
export const text = 'exported'
export const list = [1, 2, 3]

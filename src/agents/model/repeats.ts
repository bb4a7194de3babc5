import type { Call } from './question.ts'

/** What is made of a call that was made before. */
export type Repeat = 'fine' | 'told' | 'given-up'

const told = 3
const givenUp = 6

/** Notices a model that makes the same call again and again. */
export function newRepeats(): (call: Call) => Repeat {
  let last = ''
  let times = 0
  return ({ name, input }) => {
    const key = JSON.stringify([name, input])
    times = key === last ? times + 1 : 1
    last = key
    return times >= givenUp ? 'given-up' : times >= told ? 'told' : 'fine'
  }
}

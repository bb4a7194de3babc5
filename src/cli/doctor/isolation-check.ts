import { findIsolation } from '../../processes/isolation.ts'
import { type Check, fine } from './check.ts'

const name = 'isolation'

/** Whether programs can be given a pid namespace of their own, tried with one that does nothing. */
export function checkIsolation(): Check {
  const isolation = findIsolation()
  if (isolation !== null)
    return fine(name, `${isolation.name}: agents with isolate: true leave nothing behind, whatever dies`)
  const found = 'neither bwrap nor unshare can make a pid namespace: agents with isolate: true are refused'
  return { name, state: 'optional', found, todo: null }
}

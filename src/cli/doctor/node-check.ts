import { type Check, fine, wrong } from './check.ts'

const need = 24

/** The Node.js that runs this. */
export function checkNode(version: string): Check {
  if (Number(version.split('.')[0]) >= need) return fine('node', version)
  return wrong('node', version, `install Node.js ${need} or newer`)
}

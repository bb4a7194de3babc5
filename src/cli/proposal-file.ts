import { readFileSync } from 'node:fs'
import type { Proposal } from '../merge/proposal.ts'

const schema: Proposal['schema'] = 'troupe/proposal/1'

/**
 * The proposal that a file holds.
 * @throws Error what is wrong, for whoever knows the run: a file that is gone, is no JSON, or is no proposal
 */
export function proposalIn(file: string): Proposal {
  const content = JSON.parse(readFileSync(file, 'utf8')) as Partial<Proposal> | null
  if (content?.schema !== schema) throw new Error(`it is no ${schema}`)
  return content as Proposal
}

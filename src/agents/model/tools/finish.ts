import * as z from 'zod'

/** How a model says that it is done; what follows is decided where the work is. */
export const finishInput = z.strictObject({
  outcome: z.enum(['done', 'nothing_to_do', 'impossible']).default('done'),
  summary: z.string().min(1).max(8_000).describe('what was done and why, or why not, in a few sentences'),
})

export type Finish = z.infer<typeof finishInput>

export const finishName = 'finish'
export const finishDescription = 'Ends the work. Call it alone, when everything is done.'

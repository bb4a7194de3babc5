import type * as z from 'zod'
import { finishDescription, finishInput, finishName } from './finish.ts'
import { toolsFor } from './tools.ts'

/** What a model is told of a tool. */
export interface ToolWords {
  readonly name: string
  readonly description: string
  readonly input: z.ZodObject
}

/** Of all tools for a verb, and of how it says that it is done. */
export const toolWords = (verb: string): readonly ToolWords[] => [
  ...toolsFor(verb).values(),
  { name: finishName, description: finishDescription, input: finishInput },
]

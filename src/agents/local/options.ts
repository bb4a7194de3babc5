import * as z from 'zod'
import { frameworks } from './smoke/framework.ts'

/** What a manifest may say about a local agent. */
export const localOptions = z.strictObject({
  ignoreRules: z
    .array(z.string())
    .default([])
    .meta({ description: 'Ids of rules that a review leaves out, such as python/bare-except.' }),
  maximumFiles: z
    .int()
    .min(1)
    .default(5000)
    .meta({ description: 'How many files are looked at, at most; the summary says when there were more.' }),
  framework: z
    .enum(frameworks)
    .optional()
    .meta({ description: 'Test framework of the smoke tests; left out, it is found in the workspace.' }),
})

export type LocalOptions = z.infer<typeof localOptions>

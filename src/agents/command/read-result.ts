import * as z from 'zod'
import type { Finding } from '../agent.ts'
import { usageSchema } from '../reported-usage.ts'
import type { Usage } from '../usage.ts'

/** What a script may write: `{"summary": "…", "findings": [{"rule", "severity", "file", "line", "message", …}], "usage": {…}}`. */
const resultSchema = z.object({
  summary: z.string().trim().min(1).optional(),
  findings: z
    .array(
      z
        .object({
          rule: z.string().min(1),
          severity: z.enum(['error', 'warning', 'note']).default('warning'),
          file: z.string().min(1),
          line: z.int().min(1),
          column: z.int().min(1).default(1),
          endLine: z.int().min(1).optional(),
          endColumn: z.int().min(1).optional(),
          message: z.string().min(1),
          text: z.string().default(''),
        })
        .transform((given): Finding => ({
          ...given,
          endLine: given.endLine ?? given.line,
          endColumn: given.endColumn ?? given.column,
          text: given.text.split('\n', 1).join('').slice(0, 200),
        })),
    )
    .default([]),
  usage: usageSchema.optional(),
})

/** What was found at the path in TROUPE_RESULT. */
export type ResultReading =
  | { readonly how: 'absent' }
  | {
      readonly how: 'read'
      readonly summary: string | null
      readonly findings: readonly Finding[]
      readonly usage: Usage | null
    }
  | { readonly how: 'unusable'; readonly why: string }

/** What a program has written to TROUPE_RESULT, as far as it is valid; throws a SyntaxError where it is no JSON. */
export function readResult(text: string): ResultReading {
  const result = resultSchema.safeParse(JSON.parse(text))
  if (!result.success) return { how: 'unusable', why: `TROUPE_RESULT is not valid: ${z.prettifyError(result.error)}` }
  const { summary = null, findings, usage = null } = result.data
  return { how: 'read', summary, findings, usage }
}

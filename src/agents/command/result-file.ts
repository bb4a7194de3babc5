import { randomUUID } from 'node:crypto'
import { lstatSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { messageOf } from '../../errors.ts'
import type { Finding } from '../agent.ts'
import { usageSchema } from '../reported-usage.ts'
import type { Usage } from '../usage.ts'

const maximumBytes = 4 * 1024 * 1024

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

/** A path nobody can guess, in a home or among temporary files; nothing is made there, so a program that writes nothing costs nothing. */
export const newResultPath = (home: string = tmpdir()): string => join(home, `troupe-result-${randomUUID()}.json`)

/** Reads and removes what the program wrote there; anything unexpected is said, never thrown. */
export function takeResult(path: string): ResultReading {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return { how: 'absent' }
  try {
    // a pipe or a link could block or lead elsewhere
    if (!stat.isFile()) return { how: 'unusable', why: 'TROUPE_RESULT is not a plain file' }
    if (stat.size > maximumBytes) return { how: 'unusable', why: `TROUPE_RESULT is larger than ${maximumBytes} bytes` }
    return checked(readFileSync(path, 'utf8'))
  } catch (error) {
    return { how: 'unusable', why: `TROUPE_RESULT cannot be read: ${messageOf(error)}` }
  } finally {
    rmSync(path, { force: true, recursive: true })
  }
}

function checked(text: string): ResultReading {
  const result = resultSchema.safeParse(JSON.parse(text))
  if (!result.success) return { how: 'unusable', why: `TROUPE_RESULT is not valid: ${z.prettifyError(result.error)}` }
  const { summary = null, findings, usage = null } = result.data
  return { how: 'read', summary, findings, usage }
}

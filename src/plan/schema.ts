import * as z from 'zod'
import { namePattern } from '../ids.ts'
import { durationPattern } from './duration.ts'
import type { PlanKinds } from './kinds.ts'
import { pathMistake } from './repository-path.ts'

const duration = z
  .string()
  .regex(durationPattern, 'must be a duration such as 250ms, 30s, 5m or 1h')
  .meta({ description: 'A duration: 250ms, 30s, 5m, 1h.' })
const name = z
  .string()
  .regex(
    namePattern,
    'must be letters, digits, dots, dashes or underscores, 64 at most, a letter or digit at both ends',
  )
const path = z.string().superRefine((text, context) => {
  const mistake = pathMistake(text)
  if (mistake !== null) context.addIssue({ code: 'custom', message: mistake })
})
const words = z.string().min(1, 'must not be empty')
const mode = z.enum(['auto', 'async', 'thread', 'process'])
const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name for an environment variable'),
  z.string(),
)

/** A task as written. */
export const taskSchema = z.strictObject({
  id: name.meta({ description: 'Unique among the tasks; names files and refs.' }),
  agent: z.string().optional().meta({ description: 'Which agent does it; command or local by default.' }),
  verb: words.optional().meta({ description: 'What is asked, in a word: review, test, docs, implement, fix, …' }),
  prompt: words
    .optional()
    .meta({ description: 'What is asked, in sentences. {{task.files}} and the like are filled in.' }),
  command: z
    .union([words, z.array(z.string()).min(1, 'must name a program')])
    .optional()
    .meta({ description: 'Program and arguments, or one string that is split into words without a shell.' }),
  files: z.array(path).optional().meta({ description: 'Paths the task is about, relative to the root.' }),
  owns: z
    .array(path)
    .min(1, 'must hold a glob')
    .optional()
    .meta({ description: 'Globs outside which a change is a conflict.' }),
  needs: z
    .array(z.string())
    .optional()
    .meta({ description: 'Tasks that must succeed first; this one starts from their changes.' }),
  priority: z.int().min(-1_000_000).max(1_000_000).optional().meta({ description: 'Greater goes first among equals.' }),
  timeout: duration.optional(),
  retries: z.int().min(0).max(100).optional().meta({ description: 'Attempts that may follow the first.' }),
  env: environment.optional().meta({ description: 'Environment variables.' }),
  workspace: z.enum(['own', 'shared', 'none']).optional().meta({
    description: 'own: a worktree for each attempt; shared: one checkout for all that only look; none: no checkout.',
  }),
})

/** A check as written. */
export const checkSchema = z.strictObject({
  name: words.optional(),
  run: z
    .union([words, z.array(z.string()).min(1, 'must name a program')])
    .meta({ description: 'A line for sh, or program and arguments.' }),
  timeout: duration.optional(),
})

/** Keys that every agent has. */
export const agentKeys = {
  mode: mode.optional().meta({ description: "Where its actors live; the kind's own choice by default." }),
  concurrency: z.int().min(1).max(1024).optional().meta({ description: 'How many of its tasks may run at once.' }),
}

/** Where else the proposal is written, as written. */
export const outputSchema = z.strictObject({ json: path.optional(), markdown: path.optional(), sarif: path.optional() })

/** A manifest as written, for these kinds of agents. */
export function manifestSchema(kinds: PlanKinds) {
  return z.strictObject({
    $schema: z.string().optional(),
    version: z.literal(1, 'must be 1').meta({ description: 'Version of this format.' }),
    name: name.optional(),
    base: words.optional().meta({ description: 'Any revision; HEAD by default.' }),
    mode: mode.optional().meta({ description: 'Where actors live; by default each kind of agent chooses.' }),
    concurrency: z.int().min(1).max(1024).optional().meta({ description: 'Attempts at once; 4 by default.' }),
    mailbox: z
      .int()
      .min(0)
      .max(100_000)
      .optional()
      .meta({ description: 'Dispatched tasks that may wait for a place; 64 by default.' }),
    agents: z.record(name, agentSchema(kinds)).optional().meta({ description: 'Named ways of doing work.' }),
    tasks: z.array(taskSchema).min(1, 'must hold at least one task'),
    check: z
      .array(z.union([words, checkSchema]))
      .optional()
      .meta({ description: 'Commands that the merged tree must pass.' }),
    onOverlap: z
      .enum(['warn', 'serialize', 'refuse'])
      .optional()
      .meta({ description: 'When two tasks may write one file.' }),
    onFailure: z.enum(['continue', 'stop']).optional().meta({ description: 'When a task has failed for good.' }),
    output: outputSchema.optional().meta({ description: 'Where else the proposal is written.' }),
  })
}

/** The manifest as the schema gives it, before names are resolved and defaults are filled in. */
export type WrittenManifest = z.infer<ReturnType<typeof manifestSchema>>

/** JSON Schema (draft 7) of a manifest, for editors. */
export function manifestJsonSchema(kinds: PlanKinds): object {
  const schema = z.toJSONSchema(manifestSchema(kinds), { io: 'input', target: 'draft-7' })
  return { ...schema, title: 'Troupe manifest' }
}

/** The keys that are allowed for an agent of a kind. */
export const keysOfAgent = (kinds: PlanKinds, kind: unknown): readonly string[] => [
  'kind',
  ...Object.keys(agentKeys),
  ...Object.keys((typeof kind === 'string' ? kinds.get(kind)?.options.shape : undefined) ?? {}),
]

function agentSchema(kinds: PlanKinds) {
  const [first, ...others] = [...kinds].map(([kind, { options }]) =>
    z.strictObject({ kind: z.literal(kind), ...agentKeys, ...options.shape }),
  )
  if (first === undefined) throw new RangeError('there are no kinds of agents')
  return z.discriminatedUnion('kind', [first, ...others])
}

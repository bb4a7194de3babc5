import * as z from 'zod'
import { namePattern } from '../ids.ts'
import type { PlanKinds } from './kinds.ts'
import { budgetSchema, durationOrOff, sizeOrOff, timeout } from './limit-schema.ts'
import { providerSchema } from './provider-schema.ts'
import { pathMistake } from './repository-path.ts'

const name = z
  .string()
  .regex(
    namePattern,
    'must be letters, digits, dots, dashes or underscores, 64 at most, a letter or digit at both ends',
  )
  .refine((text) => !/\.\.|\.lock$/.test(text), 'must hold no two dots side by side and not end in .lock')
const text = z.string().regex(/\S/, 'must not be empty')
const word = z.string().refine((written) => !written.includes('\0'), 'must not hold a NUL character')
const argv = z
  .array(word)
  .min(1, 'must name a program')
  .refine(([program]) => program !== '', 'must name a program')
  .meta({ description: 'Program and arguments; no shell is involved.' })
const path = z.string().superRefine((written, context) => {
  const mistake = pathMistake(written)
  if (mistake !== null) context.addIssue({ code: 'custom', message: mistake })
})
const mode = z.enum(['auto', 'async', 'thread', 'process'])
const concurrency = z.int().min(1).max(1024)

/** How files are made anew, as written, where it is more than a line for sh. */
const regenerateSchema = z.strictObject({
  run: z.union([text, argv]).meta({ description: 'A line for sh, or program and arguments.' }),
  timeout: timeout.optional().meta({ description: 'How long it may take: 250ms, 30s, 5m, 1h; no limit by default.' }),
})

const globs = z.array(path).optional()

/** Who is asked about conflicts, as written. */
const resolverSchema = z.strictObject({
  agent: text.meta({ description: 'The agent that is asked.' }),
  command: z
    .union([text, argv])
    .optional()
    .meta({ description: 'Program and arguments for an agent that has none of its own, as of a task.' }),
  prompt: text.optional().meta({ description: 'What it is told besides, in sentences.' }),
  timeout: timeout.optional().meta({ description: 'How long one attempt may take; no limit by default.' }),
  stall: durationOrOff
    .optional()
    .meta({ description: "How long an attempt may give no sign of life; the manifest's by default." }),
  memory: sizeOrOff.optional().meta({ description: "How much memory it may hold; the manifest's by default." }),
  retries: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .meta({ description: 'Attempts that may follow the first; 0 by default.' }),
  atMost: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'How many conflicts it is asked about; 16 by default.' }),
})

/** How change sets are brought together, as written. */
const mergeSchema = z.strictObject({
  union: globs.meta({
    description: 'Globs of files in which both sides of a conflict stay, first what had landed; as in a changelog.',
  }),
  keyed: globs.meta({
    description: 'Globs of JSON, YAML and TOML files that are merged by key where their lines are in conflict.',
  }),
  regenerate: z
    .record(path, z.union([text, argv, regenerateSchema]))
    .optional()
    .meta({
      description:
        'Files (paths or globs) that are never merged where they are in conflict, with the command that makes them anew.',
    }),
  strategy: z.enum(['best-set', 'in-order', 'all-or-nothing']).optional().meta({
    description:
      'Which change sets land when not all go together: the set worth most (by default), whoever comes first, or none.',
  }),
  resolve: z.enum(['likely', 'certain', 'checked', 'off']).optional().meta({
    description:
      'How sure a resolver of conflicts must be: likely, certain, off for none, or checked: also what only stands as long as every check passes. By default checked where there is a check, otherwise likely.',
  }),
  blame: z.boolean().optional().meta({
    description: 'Whether the tasks that break a check are looked for, and the lightest left out; true by default.',
  }),
  reusePasses: z.boolean().optional().meta({
    description:
      'Whether a check that passed in an earlier run on the very same tree is not run again; true by default.',
  }),
  checksAtOnce: concurrency.optional().meta({
    description:
      'Checkouts that are checked at once; by default the concurrency, but no more than there are processors.',
  }),
  without: z.array(text).optional().meta({ description: 'Names of resolvers that are turned off.' }),
  resolver: resolverSchema.optional().meta({
    description:
      'An agent that is asked about what stays in conflict; its answer is kept only when every check passes.',
  }),
})

/** A task as written. */
export const taskSchema = z.strictObject({
  id: name.meta({ description: 'Unique among the tasks, also without regard to case; names files and refs.' }),
  agent: text.optional().meta({ description: 'Which agent does it; command where there is a command, else local.' }),
  bestOf: z
    .union([z.int().min(2).max(16), z.array(text).min(2).max(16)])
    .optional()
    .meta({
      description:
        'How many attempts are made side by side, or the agents that make one each; kept is the best by the checks, then the one with the smaller diff.',
    }),
  verb: text.optional().meta({
    description: 'What is asked, in a word: review, test, docs, implement, fix, …; run where there is a command.',
  }),
  prompt: text
    .optional()
    .meta({ description: 'What is asked, in sentences. {{task.files}} and the like are filled in.' }),
  command: z
    .union([text, argv])
    .optional()
    .meta({ description: 'Program and arguments, or one string that is split into words without a shell.' }),
  files: z
    .array(path)
    .optional()
    .meta({ description: "Paths the task is about, relative to the repository's root, with forward slashes." }),
  owns: z
    .array(path)
    .min(1)
    .optional()
    .meta({ description: 'Globs outside which a change of this task is a conflict; a folder/ stands for all in it.' }),
  needs: z
    .array(text)
    .optional()
    .meta({ description: 'Tasks that must succeed first; this one starts from their changes.' }),
  priority: z
    .int()
    .min(-1_000_000)
    .max(1_000_000)
    .optional()
    .meta({ description: 'Greater goes first among ready tasks with equally long paths behind them; 0 by default.' }),
  estimate: timeout.optional().meta({ description: 'How long it will likely take: long paths are begun early.' }),
  timeout: timeout
    .optional()
    .meta({ description: 'How long one attempt may take: 250ms, 30s, 5m, 1h; no limit by default.' }),
  stall: durationOrOff.optional().meta({
    description: "How long an attempt may give no sign of life: no output, no changed file; the manifest's by default.",
  }),
  memory: sizeOrOff.optional().meta({
    description: "How much memory an attempt may hold, with all it starts: 512MB, 2GB; the manifest's by default.",
  }),
  budget: budgetSchema.optional().meta({ description: 'What all attempts of the task together may use.' }),
  retries: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .meta({ description: 'Attempts that may follow the first; 0 by default.' }),
  onRetry: z.enum(['fresh', 'continue']).optional().meta({
    description:
      'What the next attempt starts with: fresh (by default), or continue with the files that the last one left.',
  }),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name for an environment variable'), word)
    .optional()
    .meta({ description: "Environment variables of this task; they go before the agent's." }),
  workspace: z.enum(['own', 'shared', 'none']).optional().meta({
    description:
      "own: a worktree for each attempt; shared: one checkout for all that only look; none: the repository's own folder. By default the kind of agent chooses.",
  }),
})

/** A check as written, where it is more than a line for sh. */
const checkSchema = z.strictObject({
  name: text.optional().meta({ description: 'What the proposal calls it; the command by default.' }),
  run: z.union([text, argv]).meta({ description: 'A line for sh, or program and arguments.' }),
  timeout: timeout.optional().meta({ description: 'How long it may take: 250ms, 30s, 5m, 1h; no limit by default.' }),
})

/** Keys that every agent has besides its kind. */
const agentKeys = {
  mode: mode.optional().meta({ description: "Where its actors live; the manifest's mode by default." }),
  concurrency: concurrency
    .optional()
    .meta({ description: 'How many of its tasks may run at once; no limit by default.' }),
  provider: text.optional().meta({
    description: 'Whose limits its calls share: a name of providers, or a provider that is known (glm-4.7, openai, …).',
  }),
}

/** Where else the proposal is written, as written. */
const outputSchema = z.strictObject({
  json: path.optional().meta({ description: 'The proposal as JSON.' }),
  markdown: path.optional().meta({ description: 'The proposal for people.' }),
  sarif: path.optional().meta({ description: 'All findings, as SARIF 2.1.0.' }),
})

/** What is kept quiet about. */
const discretionKeys = {
  secrets: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name for an environment variable'))
    .optional()
    .meta({
      description:
        'Names of environment variables whose values are written down nowhere; keys and credentials of agents always are such.',
    }),
  keepPrompts: z.boolean().optional().meta({
    description: 'Whether prompts are kept with the run; by default (false) resume reads them from the manifest again.',
  }),
}

/** A manifest as written, for these kinds of agents. */
export function manifestSchema(kinds: PlanKinds) {
  return z.strictObject({
    $schema: z.string().optional().meta({ description: 'Where editors find the schema of this file.' }),
    version: z.literal(1).meta({ description: 'Version of this format: 1.' }),
    name: name.optional().meta({ description: 'What the run is called.' }),
    base: text.optional().meta({ description: 'Any revision that git knows; HEAD by default.' }),
    mode: mode.optional().meta({ description: 'Where actors live; by default (auto) each kind of agent chooses.' }),
    concurrency: concurrency.optional().meta({ description: 'Attempts at once; 4 by default.' }),
    mailbox: z
      .int()
      .min(0)
      .max(100_000)
      .optional()
      .meta({ description: 'Dispatched tasks that may wait for a place; 64 by default.' }),
    agents: z.record(name, agentSchema(kinds)).optional().meta({ description: 'Ways of doing work, by name.' }),
    providers: z
      .record(name, providerSchema)
      .optional()
      .meta({ description: 'Limits of providers of models, by name; shared by all runs on this machine.' }),
    tasks: z.array(taskSchema).min(1, 'must hold at least one task').meta({ description: 'What is to be done.' }),
    check: z
      .array(z.union([text, checkSchema]))
      .optional()
      .meta({ description: 'Commands that the merged tree must pass.' }),
    earlyCheck: z
      .array(z.union([text, checkSchema]))
      .optional()
      .meta({ description: 'Cheap commands that run on all that tasks have written so far while they still work.' }),
    prepare: z
      .array(z.union([text, checkSchema]))
      .optional()
      .meta({ description: 'Commands that run in a checkout before its checks; where one fails, no check is run.' }),
    stall: durationOrOff.optional().meta({
      description: 'How long an attempt may give no sign of life before it is ended; 15m by default.',
    }),
    memory: sizeOrOff.optional().meta({
      description: 'How much memory an attempt may hold, with all it starts: 512MB, 2GB; no limit by default.',
    }),
    budget: budgetSchema.optional().meta({ description: 'What all tasks of a run together may use.' }),
    snapshot: durationOrOff.optional().meta({
      description:
        'How often the files of an attempt under way are looked through, beside being saved soon after each change; 10s by default.',
    }),
    merge: mergeSchema.optional().meta({ description: 'How the change sets of the tasks are brought together.' }),
    ...discretionKeys,
    onConflict: z.enum(['tell', 'pause', 'ignore']).optional().meta({
      description:
        'When what two tasks write does not go together while they work: tell (by default), pause the later one until the earlier one is done, or ignore it until the end.',
    }),
    onOverlap: z.enum(['warn', 'serialize', 'refuse']).optional().meta({
      description: 'When two tasks may write one file: warn (by default), serialize them, or refuse to start.',
    }),
    onFailure: z.enum(['continue', 'stop']).optional().meta({
      description: 'When a task has failed for good: continue with what does not need it (by default), or stop.',
    }),
    output: outputSchema
      .optional()
      .meta({ description: "Where else the proposal is written; paths are relative to the repository's root." }),
  })
}

/** A manifest that the schema has let pass, as it was written: no names are resolved and no defaults are filled in. */
export type WrittenManifest = z.input<ReturnType<typeof manifestSchema>>

/** JSON Schema (draft-7) of a manifest, for editors. */
export function manifestJsonSchema(kinds: PlanKinds): object {
  const schema = z.toJSONSchema(manifestSchema(kinds), { io: 'input', target: 'draft-7' })
  return { ...schema, title: 'Troupe manifest', description: 'Agents, tasks, limits and checks of one run.' }
}

function agentSchema(kinds: PlanKinds) {
  const [first, ...others] = [...kinds].map(([kind, { options, summary }]) =>
    z.strictObject({ kind: z.literal(kind).meta({ description: summary }), ...agentKeys, ...options.shape }),
  )
  if (first === undefined) throw new RangeError('there are no kinds of agents')
  return z.discriminatedUnion('kind', [first, ...others])
}

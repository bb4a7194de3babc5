import * as z from 'zod'
import { commandOptions } from '../command/options.ts'
import { sandboxOptions } from '../sandbox/options.ts'

/** What a manifest may say about an agent that is a program of its own. */
export const cliOptions = z.strictObject({
  argv: z.array(z.string()).min(1).optional().meta({
    description: 'Program, and arguments that go first, in place of the usual program on the PATH.',
  }),
  arguments: z.array(z.string()).default([]).meta({ description: "More arguments, after Troupe's own." }),
  model: z.string().min(1).optional().meta({ description: "The model, in the program's own words." }),
  access: z.enum(['read', 'write', 'all']).optional().meta({
    description:
      'What the program lets its model do: read, write in the workspace (by default, and of a review read), or all, which is for agents that are confined otherwise.',
  }),
  credentials: z.array(z.string().min(1)).optional().meta({
    description:
      "What the program may have of its user's: names of environment variables, and files in the home folder, which are copied into the attempt's own. To be given, if only as [].",
  }),
  expects: z.enum(['changes', 'answer']).optional().meta({
    description: 'What makes a success: changed files (by default), or an answer (by default of a review).',
  }),
  ...sandboxOptions,
  inheritEnv: commandOptions.shape.inheritEnv,
  env: commandOptions.shape.env,
})

/** The same for a program that can be driven in two ways. */
export const codexOptions = cliOptions.extend({
  interface: z.enum(['exec', 'app-server']).optional().meta({
    description:
      'How Codex is driven: exec (by default), or app-server, by which it asks before each edit; Codex calls that one experimental.',
  }),
})

export type CliOptions = z.infer<typeof codexOptions>

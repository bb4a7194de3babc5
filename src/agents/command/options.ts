import * as z from 'zod'
import { sandboxOptions } from '../sandbox/options.ts'

/** What a manifest may say about a command agent. */
export const commandOptions = z.strictObject({
  argv: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'Program and arguments for tasks without a command of their own.' }),
  shell: z.boolean().default(false).meta({
    description:
      'Join the arguments with spaces and run them with the shell (sh -c). The text of a prompt is then read by the shell too.',
  }),
  isolate: z.boolean().default(false).meta({
    description:
      'Give each program a pid namespace of its own (bwrap or unshare, Linux): nothing that it starts can outlive it. Refused where that does not work.',
  }),
  ...sandboxOptions,
  successExitCodes: z
    .array(z.int().min(0).max(255))
    .min(1)
    .default([0])
    .meta({ description: 'Exit codes that count as success.' }),
  inheritEnv: z
    .union([z.literal('all'), z.array(z.string().min(1))])
    .optional()
    .meta({
      description:
        'Names of environment variables handed on to the program (a closing * stands for any ending), or all. Left out: a short list without secrets.',
    }),
  env: z
    .record(z.string().regex(/^[^=\0]+$/), z.string())
    .default({})
    .meta({ description: 'Environment variables of the program; those of the task win.' }),
})

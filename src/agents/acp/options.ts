import * as z from 'zod'
import { commandOptions } from '../command/options.ts'
import { sandboxOptions } from '../sandbox/options.ts'
import { presetNames } from './presets.ts'
import { toolKinds } from './tool-kinds.ts'

const permissionAnswers = z.enum(['allow', 'owned', 'deny'])
const seconds = z.number().positive().max(86_400)

/** What a manifest may say about an agent that speaks the Agent Client Protocol. */
export const acpOptions = z.strictObject({
  preset: z.enum(presetNames).optional().meta({ description: 'An agent that is known: how it is started and set up.' }),
  argv: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: "Program and arguments that start the agent; they go before the preset's." }),
  permissions: z
    .union([z.enum(['owned', 'allow', 'read-only', 'deny']), z.partialRecord(z.enum(toolKinds), permissionAnswers)])
    .default('owned')
    .meta({
      description:
        'What the agent is answered when it asks: owned (all, but it may write only what the task may), allow, read-only or deny; or one of allow, owned and deny for each kind of tool call.',
    }),
  mode: z.string().min(1).optional().meta({ description: "The session's mode; the preset's by default." }),
  authenticate: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Id of the way to log in that is used where the agent asks for it.' }),
  credentials: z.array(z.string().min(1)).default([]).meta({
    description:
      "What the agent may have of its user's: names of environment variables, and files in the home folder, which are copied into the attempt's own.",
  }),
  expects: z.enum(['changes', 'answer']).optional().meta({
    description: 'What makes a success: changed files (by default), or an answer (by default of a review).',
  }),
  startSeconds: seconds.default(120).meta({ description: 'How long the agent may take until it has a session.' }),
  idleSeconds: seconds.optional().meta({
    description: "How long the agent may say nothing while it works; by default only the task's stall counts.",
  }),
  ...sandboxOptions,
  inheritEnv: commandOptions.shape.inheritEnv,
  env: commandOptions.shape.env,
})

export type AcpOptions = z.infer<typeof acpOptions>

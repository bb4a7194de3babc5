import * as z from 'zod'
import { sandboxOptions } from '../sandbox/options.ts'
import { presetNames } from './presets.ts'

const price = (of: string) =>
  z
    .number()
    .min(0)
    .meta({ description: `US dollars for a million tokens of ${of}.` })

/** What a manifest may say about a model agent. */
export const modelOptions = z.strictObject({
  preset: z.enum(presetNames).optional().meta({
    description: 'A model by name, with its endpoint, prices and usual key; what else is given goes before it.',
  }),
  endpoint: z.string().min(1).optional().meta({
    description: 'Base address of an OpenAI- or Anthropic-compatible service, as https://example.com/v1.',
  }),
  protocol: z.enum(['openai', 'anthropic']).optional().meta({
    description: 'How the endpoint is spoken to; openai by default.',
  }),
  model: z.string().min(1).optional().meta({ description: 'What the endpoint calls the model.' }),
  keyFrom: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .optional()
    .meta({ description: 'Name of the environment variable that holds the key; a manifest holds none.' }),
  thinking: z.boolean().optional().meta({ description: 'Whether GLM thinks before it answers; it does by default.' }),
  temperature: z.number().min(0).max(2).optional().meta({ description: "The model's own by default." }),
  maxSteps: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .meta({ description: 'How often the model is asked in an attempt.' }),
  maxTokens: z.int().min(1).optional().meta({
    description: 'Tokens of an attempt, read and written; the model is not asked again once they are used.',
  }),
  maxCostUsd: z.number().positive().optional().meta({
    description: 'US dollars of an attempt; the model is not asked again once they are spent. Needs prices.',
  }),
  prices: z
    .strictObject({
      input: price('input'),
      cachedInput: price('input that the provider still knows from a call before'),
      output: price('output'),
    })
    .optional()
    .meta({ description: 'US dollars for a million tokens; without them the cost is unknown.' }),
  idleSeconds: z.int().min(1).max(280).default(180).meta({
    description: 'How long the endpoint may say nothing before the call is given up.',
  }),
  commandSeconds: z.int().min(1).max(86_400).default(300).meta({
    description: 'How long a command that the model runs may take.',
  }),
  ...sandboxOptions,
  inheritEnv: z
    .union([z.literal('all'), z.array(z.string().min(1))])
    .optional()
    .meta({
      description:
        'Names of environment variables handed on to commands that the model runs (a closing * stands for any ending), or all. Left out: a short list without secrets.',
    }),
  env: z
    .record(z.string().regex(/^[^=\0]+$/), z.string())
    .default({})
    .meta({ description: 'Environment variables of the commands that the model runs; those of the task win.' }),
})

/** Checked and with every default. */
export type ModelOptions = z.infer<typeof modelOptions>

import * as z from 'zod'

const perMinute = z.int().min(1).max(1_000_000_000).optional()

/** What is known of a provider's limits, as written. */
export const providerSchema = z.strictObject({
  account: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name for an environment variable')
    .optional()
    .meta({ description: 'The variable that holds the key: runs with the same key share one budget.' }),
  model: z
    .string()
    .regex(/\S/, 'must not be empty')
    .optional()
    .meta({ description: 'Which model, where each has limits of its own.' }),
  concurrency: z.int().min(1).max(1024).optional().meta({
    description: 'Calls at once at most, by all runs on this machine together; how many there may be is found out.',
  }),
  requestsPerMinute: perMinute.meta({ description: 'Calls in any minute at most; no limit by default.' }),
  tokensPerMinute: perMinute.meta({ description: 'Tokens in any minute at most; no limit by default.' }),
})

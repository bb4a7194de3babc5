import * as z from 'zod'
import { durationPattern, longestMs, parseDuration } from './duration.ts'
import { parseSize, sizePattern } from './size.ts'

const noDuration = 'must be a duration such as 250ms, 30s, 5m or 1h'

/** How long something may take. */
export const timeout = z
  .string(noDuration)
  .regex(durationPattern, noDuration)
  .refine(isUsable, 'must be more than nothing and at most 24 days (576h)')

/** The same, or no limit. */
export const durationOrOff = z.union(
  [z.literal('off'), timeout],
  'must be a duration such as 250ms, 30s, 5m or 1h, or off',
)

const noSize = 'must be a size of at least 16MB, such as 512MB or 2GB'
const size = z.string(noSize).regex(sizePattern, { error: noSize, abort: true }).refine(isEnough, noSize)

/** How much memory something may hold, or no limit. */
export const sizeOrOff = z.union([z.literal('off'), size], noSize)

/** What may be used. */
export const budgetSchema = z
  .strictObject({
    tokens: z.int().min(1).optional().meta({ description: 'Tokens of models, in and out.' }),
    costUsd: z
      .number()
      .refine((usd) => usd > 0, 'must be more than 0')
      .optional()
      .meta({ description: 'What models cost, in US dollars.' }),
    time: timeout.optional().meta({ description: 'Wall clock: 250ms, 30s, 5m, 1h.' }),
  })
  .refine((budget) => Object.keys(budget).length > 0, {
    error: 'must name tokens, costUsd or time',
    when: ({ issues }) => issues.length === 0,
  })

/** Below this not even a thread can start. */
function isEnough(size: string): boolean {
  return (parseSize(size) ?? 0) >= 16_000_000
}

function isUsable(duration: string): boolean {
  const ms = parseDuration(duration)
  return ms === null || (ms > 0 && ms <= longestMs)
}

import * as z from 'zod'
import { added, noUsage, untoldUsage, type Usage, type UsageSum } from './usage.ts'

const tokens = z.int().min(0).nullable().default(null)

/** Usage as an agent may report it; every part may be left out. */
export const usageSchema = z.object({
  model: z.string().trim().min(1).max(200).nullable().default(null),
  inputTokens: tokens,
  outputTokens: tokens,
  costUsd: z.number().min(0).nullable().default(null),
})

/** The usage in the details of an outcome; null where there is none that can be read. */
export function reportedUsage(details: Readonly<Record<string, unknown>>): Usage | null {
  if (details['usage'] === undefined) return null
  const reading = usageSchema.safeParse(details['usage'])
  return reading.success ? reading.data : null
}

/** The sum with one attempt more; its usage stands in the details of its outcome, if anywhere. */
export function withAttempt(sum: UsageSum, details: Readonly<Record<string, unknown>>): UsageSum {
  const usage = reportedUsage(details)
  if (usage === null) return sum === noUsage ? untoldUsage : { ...sum, unknown: sum.unknown + 1 }
  const { model, ...amounts } = usage
  const isWhole = Object.values(amounts).every((amount) => amount !== null)
  return added(sum, { ...amounts, models: model === null ? [] : [model], unknown: isWhole ? 0 : 1 })
}

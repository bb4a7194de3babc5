/**
 * What a model was asked for the work of one attempt, in the words of OpenTelemetry's conventions for generative AI where they have
 * one. What is not known is null, never 0.
 */
export interface Usage {
  /** `gen_ai.response.model`. */
  readonly model: string | null
  /** `gen_ai.usage.input_tokens`. */
  readonly inputTokens: number | null
  /** `gen_ai.usage.output_tokens`. */
  readonly outputTokens: number | null
  readonly costUsd: number | null
}

/** What several attempts, or tasks, used together. */
export interface UsageSum {
  /** The sums of what is known; null where nothing is. */
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly costUsd: number | null
  /** Each once, in the order in which they were first told. */
  readonly models: readonly string[]
  /** How many did not tell all of tokens and cost: when it is not 0 the sums may be too low. */
  readonly unknown: number
}

/** The sum of nothing. */
export const noUsage: UsageSum = { inputTokens: null, outputTokens: null, costUsd: null, models: [], unknown: 0 }

/** What one attempt used that told nothing: kept once, as most tasks of a great many have just this. */
export const untoldUsage: UsageSum = { ...noUsage, unknown: 1 }

/** What tasks used together; one that did not tell all counts once, however many attempts it had. */
export function usageOfAll(tasks: readonly UsageSum[]): UsageSum {
  return tasks.reduce((sum, task) => added(sum, { ...task, unknown: Math.min(1, task.unknown) }), noUsage)
}

/** What one attempt has used in all, after it used something more; a part that was ever unknown stays unknown. */
export function usageWith(before: Usage | null, more: Usage): Usage {
  if (before === null) return more
  const both = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)
  return {
    model: more.model ?? before.model,
    inputTokens: both(before.inputTokens, more.inputTokens),
    outputTokens: both(before.outputTokens, more.outputTokens),
    costUsd: both(before.costUsd, more.costUsd),
  }
}

/** Two sums together. */
export function added(a: UsageSum, b: UsageSum): UsageSum {
  return {
    inputTokens: plus(a.inputTokens, b.inputTokens),
    outputTokens: plus(a.outputTokens, b.outputTokens),
    costUsd: plus(a.costUsd, b.costUsd),
    models: [...new Set([...a.models, ...b.models])],
    unknown: a.unknown + b.unknown,
  }
}

const plus = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b)

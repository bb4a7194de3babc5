import type { Usage } from '../usage.ts'
import type { ModelOptions } from './options.ts'

/** Why the model may not be asked again; null when it may. */
export function limitReached(
  used: Usage | null,
  steps: number,
  { maxSteps, maxTokens, maxCostUsd }: Pick<ModelOptions, 'maxSteps' | 'maxTokens' | 'maxCostUsd'>,
): string | null {
  if (steps >= maxSteps) return `it was not done after ${steps} steps (maxSteps)`
  if (used === null) return null
  const { inputTokens, outputTokens, costUsd } = used
  if (maxTokens !== undefined) {
    if (inputTokens === null || outputTokens === null)
      return 'the endpoint does not tell how many tokens are used, so maxTokens cannot be held'
    const tokens = inputTokens + outputTokens
    if (tokens >= maxTokens) return `${tokens} tokens are used, of ${maxTokens} (maxTokens)`
  }
  if (maxCostUsd === undefined) return null
  if (costUsd === null) return 'the endpoint does not tell how many tokens are used, so maxCostUsd cannot be held'
  return costUsd >= maxCostUsd ? `$${costUsd.toFixed(4)} are spent, of $${maxCostUsd} (maxCostUsd)` : null
}

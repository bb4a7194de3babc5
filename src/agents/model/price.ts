import type { LanguageModelUsage } from 'ai'
import type { Usage } from '../usage.ts'
import type { Prices } from './presets.ts'

/** What one call used and cost; what the endpoint does not tell is unknown. */
export function usageOf(told: LanguageModelUsage | null, model: string, prices: Prices | null): Usage {
  const inputTokens = told?.inputTokens ?? null
  const outputTokens = told?.outputTokens ?? null
  const isPriced = prices !== null && inputTokens !== null && outputTokens !== null
  const cached = told?.inputTokenDetails.cacheReadTokens ?? 0
  const costUsd = isPriced ? cost(prices, { fresh: inputTokens - cached, cached, output: outputTokens }) : null
  return { model, inputTokens, outputTokens, costUsd }
}

interface Tokens {
  readonly fresh: number
  readonly cached: number
  readonly output: number
}

const cost = (prices: Prices, { fresh, cached, output }: Tokens): number =>
  (fresh * prices.input + cached * prices.cachedInput + output * prices.output) / 1_000_000

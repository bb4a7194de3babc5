import { type Usage, usageWith } from '../usage.ts'

/** What a session has used so far, as an agent tells it. */
export interface ToldUsage {
  readonly tokens: { readonly input: number; readonly output: number } | null
  readonly costUsd: number | null
}

/** Agents tell what the whole session has used; this says what each turn used. */
export class SessionUsage {
  #before: ToldUsage = { tokens: { input: 0, output: 0 }, costUsd: 0 }
  #total: Usage | null = null

  /** Null where nothing at all is known. */
  get total(): Usage | null {
    return this.#total
  }

  /** What was used since the last time; null where the agent tells nothing. */
  add(now: ToldUsage): Usage | null {
    if (now.tokens === null && now.costUsd === null) return null
    const before = this.#before
    this.#before = { tokens: now.tokens ?? before.tokens, costUsd: now.costUsd ?? before.costUsd }
    const more: Usage = {
      model: null,
      inputTokens: since(before.tokens?.input, now.tokens?.input),
      outputTokens: since(before.tokens?.output, now.tokens?.output),
      costUsd: since(before.costUsd, now.costUsd),
    }
    this.#total = usageWith(this.#total, more)
    return more
  }
}

const since = (before: number | null | undefined, now: number | null | undefined): number | null =>
  now === null || now === undefined ? null : Math.max(0, now - (before ?? 0))

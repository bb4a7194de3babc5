import { createHash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { AgentName } from '../../ids.ts'
import type { AgentDeclaration, ProviderDeclaration, Task } from '../../plan/task.ts'
import type { ProcessIdentity } from '../../process-identity.ts'
import type { SharedText } from '../../store/shared-file.ts'
import type { Places } from '../run/taken-places.ts'
import type { RunEvent } from '../run/events.ts'
import type { Budget } from './budget.ts'
import { SharedBudget, uncounted } from './shared-budget.ts'

/** What happens to a provider, as a run has to know it. */
export type ProviderEvent = Extract<RunEvent, { readonly provider: string }>

/** Keeps all agents of this run within what their providers allow, together with all other runs of the machine. */
export interface Governor extends Places {
  /** Looks at what is known of every provider, and has `tell` told of what changes from then on. */
  open(tell: (event: ProviderEvent) => void): void
  /** Everything that is held is given back. */
  close(): Promise<void>
}

interface GovernorParts {
  readonly clock: Clock
  readonly random: () => number
  readonly process: ProcessIdentity
  readonly agents: ReadonlyMap<AgentName, AgentDeclaration>
  readonly providers: ReadonlyMap<string, ProviderDeclaration>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The text that all supervisors of the machine share, by a name that is safe for a file. */
  text(name: string): SharedText
  readonly failed: (error: unknown) => void
}

/** Who has done nothing yet waits this long for the end of a hold before it is parked; who is amid its work longer. In milliseconds. */
const patienceMs = { first: 30_000, later: 600_000 }

/** A governor for one run; it touches nothing before it is asked or opened. */
export function openGovernor(parts: GovernorParts): Governor {
  const budgets = new Map<string, SharedBudget>()
  const told = new Map<string, string>()
  let tell: ((event: ProviderEvent) => void) | null = null

  function budgetOf(provider: ProviderDeclaration): SharedBudget {
    const { clock, random, process, failed } = parts
    const { start, concurrency: most, requestsPerMinute, tokensPerMinute } = provider
    const text = parts.text(budgetName(provider, parts.environment))
    const limits = { start, most, requestsPerMinute, tokensPerMinute }
    const seen = (budget: Budget): void => report(provider.name, budget)
    const known = budgets.get(provider.name)
    const budget = known ?? new SharedBudget({ clock, random, process, text, limits, seen, failed })
    budgets.set(provider.name, budget)
    return budget
  }

  /** Each change once, whoever made it. */
  function report(provider: string, { hold }: Budget): void {
    if (tell === null) return
    const isHeld = hold !== null && hold.until > parts.clock.now()
    const now = hold === null ? 'free' : `${isHeld ? 'held' : 'tried'} ${hold.until}`
    if ((told.get(provider) ?? 'free') === now) return
    const wasHeld = told.get(provider)?.startsWith('held') ?? false
    told.set(provider, now)
    if (hold === null) tell({ type: 'provider-freed', provider })
    else if (isHeld) tell({ type: 'provider-held', provider, class: hold.class, until: hold.until })
    else if (wasHeld) tell({ type: 'provider-tried', provider })
  }

  function providerOf(task: Task): ProviderDeclaration | null {
    const name = parts.agents.get(task.agent)?.provider ?? null
    return name === null ? null : (parts.providers.get(name) ?? null)
  }

  return {
    open(listener) {
      tell = listener
      for (const provider of parts.providers.values()) budgetOf(provider).look()
    },
    limits: (task) => providerOf(task) !== null,
    async take(task, isFirst, signal) {
      const provider = providerOf(task)
      if (provider === null) return uncounted
      const taken = await budgetOf(provider).take(signal, isFirst ? patienceMs.first : patienceMs.later)
      if (taken.how === 'granted') return taken
      return { provider: provider.name, class: taken.hold.class, until: taken.hold.until }
    },
    spend(task, tokens) {
      const provider = providerOf(task)
      if (provider !== null) budgetOf(provider).spend(tokens)
    },
    async close() {
      tell = null
      await Promise.all([...budgets.values()].map((budget) => budget.close()))
    },
  }
}

/** The same for the same provider, key and model, whatever run asks; the key itself cannot be read from it. */
function budgetName(
  { name, account, model }: ProviderDeclaration,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const key = account === null ? '' : `${account}=${environment[account] ?? ''}`
  const hash = createHash('sha256')
    .update(`${key}\0${model ?? ''}`)
    .digest('hex')
    .slice(0, 16)
  return `${name}-${hash}`
}

import type { Graph } from '../../plan/graph.ts'
import type { Manifest } from '../../plan/task.ts'
import type { RuleTask, RunRules } from './rules.ts'

/** The rules of a run: a manifest and its graph as the run machine reads them. */
export function rulesOf(manifest: Manifest, graph: Graph): RunRules {
  const tasks = manifest.tasks.map((task, index): RuleTask => ({
    id: task.id,
    agent: task.agent,
    needs: graph.needs[index] ?? [],
    after: graph.after[index] ?? [],
    dependants: graph.dependants[index] ?? [],
    rank: graph.rank[index] ?? 0,
    retries: task.retries,
  }))
  const limits = [...manifest.agents.values()].flatMap(({ name, concurrency }) =>
    concurrency === null ? [] : [[name, concurrency] as const],
  )
  const providers = [...manifest.agents.values()].flatMap(({ name, provider }) =>
    provider === null ? [] : [[name, provider] as const],
  )
  return {
    tasks,
    byRank: graph.byRank,
    indexOf: new Map(tasks.map(({ id }, index) => [id, index])),
    concurrency: manifest.concurrency,
    mailbox: manifest.mailbox,
    agentLimits: new Map(limits),
    providers: new Map(providers),
    onFailure: manifest.onFailure,
    pauses: manifest.onConflict === 'pause',
    backoff: { firstMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.5 },
    sameFailureLimit: 2,
  }
}

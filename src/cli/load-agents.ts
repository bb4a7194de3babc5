import { kinds } from '../agents/registry.ts'
import { must } from '../errors.ts'
import type { Prepared } from './prepare.ts'

/**
 * Begins to load the agents that live in this thread, so that the first attempts find them ready. Whoever needs one hears why it cannot
 * be loaded.
 */
export function loadAgents({ placements }: Pick<Prepared, 'placements'>): void {
  const here = [...placements.values()].flatMap(({ kind, host }) => (host === 'async' ? [kind] : []))
  for (const name of new Set(here))
    void must(kinds, name)
      .load()
      .catch(() => {})
}

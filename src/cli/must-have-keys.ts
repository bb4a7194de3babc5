import { kinds } from '../agents/registry.ts'
import { must, TroupeError } from '../errors.ts'
import type { Manifest } from '../plan/task.ts'
import type { Terminal } from './terminal.ts'

/** A run that would fail for want of a key is not begun. Throws TroupeError KEY_MISSING. */
export function mustHaveKeys({ agents, tasks, merge }: Manifest, environment: Terminal['environment']): void {
  const resolver = merge.resolver === null ? [] : [merge.resolver.task]
  const used = new Set([...tasks, ...resolver].map(({ agent }) => must(agents, agent)))
  const missing = [...used].flatMap(({ name, kind, options }) => {
    const what = must(kinds, kind).missing?.(options, environment) ?? null
    return what === null ? [] : [`${name}: ${what}`]
  })
  if (missing.length > 0) throw new TroupeError('KEY_MISSING', missing.join('; '))
}

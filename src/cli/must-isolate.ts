import { must, TroupeError } from '../errors.ts'
import { allWork } from '../plan/candidates.ts'
import type { Manifest } from '../plan/task.ts'
import { findIsolation } from '../processes/isolation.ts'
import { canConfine } from '../processes/sandbox.ts'

/** Whoever asks for isolation or a sandbox gets it, or nothing is started. */
export function mustIsolate(manifest: Manifest): void {
  const asking = (key: string, values: readonly unknown[]): string =>
    [...new Set(allWork(manifest).map(({ agent }) => must(manifest.agents, agent)))]
      .flatMap(({ name, options }) => (values.includes(options[key]) ? [name] : []))
      .join(', ')
  const isolated = asking('isolate', [true])
  if (isolated !== '' && findIsolation() === null)
    throw new TroupeError(
      'ISOLATION_MISSING',
      `${isolated}: a pid namespace can be made neither by bwrap nor by unshare here`,
    )
  const confined = asking('sandbox', ['workspace', 'strict'])
  if (confined !== '' && !canConfine())
    throw new TroupeError('SANDBOX_MISSING', `${confined}: bwrap cannot confine a program here`)
}

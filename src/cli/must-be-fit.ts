import type { Fitness } from '../agents/agent.ts'
import { kinds } from '../agents/registry.ts'
import { must, TroupeError } from '../errors.ts'
import { allWork } from '../plan/candidates.ts'
import type { AgentDeclaration, Manifest } from '../plan/task.ts'
import type { Terminal } from './terminal.ts'

type Environment = Terminal['environment']

/**
 * A run that would fail for want of a key or of a program is not begun. Throws TroupeError KEY_MISSING or AGENT_UNFIT.
 */
export async function mustBeFit(manifest: Manifest, environment: Environment): Promise<void> {
  const used = [...new Set(allWork(manifest).map(({ agent }) => must(manifest.agents, agent)))]
  mustHaveKeys(used, environment)
  const unfit = await Promise.all(used.map((agent) => unfitness(agent, environment)))
  const told = unfit.filter((what) => what !== null)
  if (told.length > 0) throw new TroupeError('AGENT_UNFIT', told.join('; '))
}

function mustHaveKeys(used: readonly AgentDeclaration[], environment: Environment): void {
  const missing = used.flatMap(({ name, kind, options }) => {
    const what = must(kinds, kind).missing?.(options, environment) ?? null
    return what === null ? [] : [`${name}: ${what}`]
  })
  if (missing.length > 0) throw new TroupeError('KEY_MISSING', missing.join('; '))
}

async function unfitness({ name, kind, options }: AgentDeclaration, environment: Environment): Promise<string | null> {
  const fitness = await must(kinds, kind).fitness?.(options, environment)
  return fitness === undefined || fitness.how === 'fit' ? null : `${name}: ${unfitText(fitness)}`
}

/** Why a program is of no use, in a sentence. */
export const unfitText = (fitness: Exclude<Fitness, { readonly how: 'fit' }>): string =>
  fitness.how === 'absent' ? `${fitness.program}: not found` : `${fitness.version} ${fitness.why}`

import { type AgentName, asAgentName } from '../ids.ts'
import { parseDuration } from './duration.ts'
import type { PlanKinds } from './kinds.ts'
import { providersOf } from './providers.ts'
import { budgetOf, durationOf, resolveTask, sizeOf, type TaskSurroundings } from './resolve-task.ts'
import type { WrittenManifest } from './schema.ts'
import { normalGlob } from './repository-path.ts'
import type { AgentDeclaration, CheckCommand, Manifest, RegenerateCommand, ResolverSettings } from './task.ts'

/** A sound manifest with every default filled in. Agents called like a kind exist without being declared. */
export function resolveManifest(written: WrittenManifest, kinds: PlanKinds): Manifest {
  const agents = agentsOf(written.agents ?? {}, kinds)
  const optionsOf = (agent: string): AgentDeclaration['options'] | undefined => agents.get(asAgentName(agent))?.options
  const stallMs = durationOf(written.stall ?? defaultStall)
  const memoryBytes = sizeOf(written.memory ?? 'off')
  const surroundings = { optionsOf, stallMs, memoryBytes }
  return {
    ...defaults,
    ...given(written),
    stallMs,
    memoryBytes,
    budget: budgetOf(written.budget),
    snapshotMs: durationOf(written.snapshot ?? defaultSnapshot),
    agents,
    providers: providersOf(written.providers ?? {}, agents.values()),
    tasks: written.tasks.map((task) => resolveTask(task, surroundings)),
    check: (written.check ?? []).map(resolveCheck),
    prepare: (written.prepare ?? []).map(resolveCheck),
    earlyCheck: (written.earlyCheck ?? []).map(resolveCheck),
    merge: mergeOf(written.merge ?? {}, { ...surroundings, resolve: defaultResolve(written.check) }),
    output: outputOf(written.output ?? {}),
  }
}

/** How long silence is suffered, and how often work is saved, where a manifest says nothing. */
export const defaultStall = '15m'
export const defaultSnapshot = '10s'

type Plain = Omit<
  Manifest,
  | 'agents'
  | 'providers'
  | 'tasks'
  | 'check'
  | 'prepare'
  | 'earlyCheck'
  | 'output'
  | 'merge'
  | 'stallMs'
  | 'memoryBytes'
  | 'snapshotMs'
  | 'budget'
>

const defaults: Plain = {
  version: 1,
  name: null,
  base: 'HEAD',
  mode: 'auto',
  concurrency: 4,
  mailbox: 64,
  secrets: [],
  keepPrompts: false,
  onConflict: 'tell',
  onOverlap: 'warn',
  onFailure: 'continue',
}

type WrittenMerge = NonNullable<WrittenManifest['merge']>

/** How sure resolutions must be by default: what only a check can tell is tried where there is one. */
export const defaultResolve = (check: readonly unknown[] = []): 'checked' | 'likely' =>
  check.length > 0 ? 'checked' : 'likely'

const mergeOf = (
  {
    strategy = 'best-set',
    resolve: written,
    without = [],
    blame = true,
    union = [],
    keyed = [],
    regenerate = {},
    reusePasses = true,
    checksAtOnce,
    resolver,
  }: WrittenMerge,
  { resolve, ...surroundings }: TaskSurroundings & { readonly resolve: 'checked' | 'likely' },
): Manifest['merge'] => ({
  strategy,
  resolve: written === 'off' ? null : (written ?? resolve),
  off: without,
  blame,
  union: union.map(normalGlob),
  keyed: keyed.map(normalGlob),
  regenerate: Object.entries(regenerate).map(resolveRegenerate),
  reusePasses,
  checksAtOnce: checksAtOnce ?? null,
  resolver: resolver === undefined ? null : resolverOf(resolver, surroundings),
})

/** A task of this name cannot be written: ids hold no plus sign. */
const resolverOf = (
  { atMost = 16, ...written }: NonNullable<WrittenMerge['resolver']>,
  surroundings: TaskSurroundings,
): ResolverSettings => ({
  task: resolveTask({ id: 'resolve+', verb: 'resolve', workspace: 'own', ...written }, surroundings),
  atMost,
})

type WrittenRegenerate = NonNullable<NonNullable<WrittenManifest['merge']>['regenerate']>[string]

function resolveRegenerate([glob, written]: readonly [string, WrittenRegenerate]): RegenerateCommand {
  const { run, timeout } =
    typeof written === 'string' || Array.isArray(written) ? { run: written, timeout: undefined } : written
  return { glob: normalGlob(glob), ...commandOf(run), timeoutMs: timeout === undefined ? null : parseDuration(timeout) }
}

const outputOf = ({ json, markdown, sarif }: NonNullable<WrittenManifest['output']>): Manifest['output'] => ({
  json: json ?? null,
  markdown: markdown ?? null,
  sarif: sarif ?? null,
})

/** The plain values that were written; what is left out is absent, not undefined. */
function given(written: WrittenManifest): Partial<Plain> {
  const plain = Object.keys(defaults).map((key) => [key, written[key as keyof Plain]] as const)
  return Object.fromEntries(plain.filter(([, value]) => value !== undefined))
}

interface WrittenKeys {
  readonly mode: AgentDeclaration['mode']
  readonly concurrency: number
  readonly provider: string
}

/** The agents of a manifest, and those that need no declaration. */
export function agentsOf(
  written: NonNullable<WrittenManifest['agents']>,
  kinds: PlanKinds,
): ReadonlyMap<AgentName, AgentDeclaration> {
  const implied = [...kinds].filter(([kind]) => !(kind in written)).map(([kind]) => [kind, { kind }] as const)
  return new Map(
    [...Object.entries(written), ...implied].map(([name, { kind, ...rest }]) => {
      const { mode, concurrency, provider, ...options } = rest as Partial<WrittenKeys>
      const declaration: AgentDeclaration = {
        name: asAgentName(name),
        kind,
        mode: mode ?? 'auto',
        concurrency: concurrency ?? null,
        provider: provider ?? (name in written ? (kinds.get(kind)?.usualProvider?.(options) ?? null) : null),
        options,
      }
      return [declaration.name, declaration]
    }),
  )
}

function resolveCheck(written: NonNullable<WrittenManifest['check']>[number]): CheckCommand {
  const { name, run, timeout } =
    typeof written === 'string' ? { name: undefined, run: written, timeout: undefined } : written
  const command = commandOf(run)
  return { ...command, name: name ?? command.name, timeoutMs: timeout === undefined ? null : parseDuration(timeout) }
}

const commandOf = (run: string | string[]): Pick<CheckCommand, 'name' | 'command'> =>
  typeof run === 'string' ? { name: run, command: ['sh', '-c', run] } : { name: run.join(' '), command: run }

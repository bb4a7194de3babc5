import { exitCodes } from '../errors.ts'
import { quoted } from '../merge/conflict-message.ts'
import { plainLines } from '../plain-text.ts'
import { manifestDocument, manifestToYaml } from '../plan/as-manifest.ts'
import type { ConflictPolicy, Task } from '../plan/task.ts'
import { describeOverlap, type PlanOptions, prepare, type Prepared, withOptions } from './prepare.ts'
import { readManifestArgument } from './read-manifest-argument.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { count } from '../count.ts'

interface PlanCommandOptions extends PlanOptions {
  readonly asManifest: boolean
}

/** `troupe plan`: what a run would do, from the very parts that the run uses. */
export async function planCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: PlanCommandOptions },
): Promise<number> {
  const { options } = input
  const [argument = ''] = input.arguments
  if (options.asManifest) {
    const manifest = withOptions(readManifestArgument(argument, terminal.directory).manifest, options)
    const asJson = (): string => JSON.stringify(manifestDocument(manifest), null, 2)
    terminal.print(options.json ? asJson() : manifestToYaml(manifest, { schema: null }).trimEnd())
    return exitCodes.ok
  }
  const prepared = await prepare(argument, terminal, options)
  terminal.print(options.json ? JSON.stringify(planAsJson(prepared), null, 2) : planAsText(prepared))
  return exitCodes.ok
}

function planAsJson({ manifest, base, graph, overlaps, placements, warnings }: Prepared): object {
  const names = (indices: readonly number[]): readonly string[] =>
    indices.map((index) => taskAt(manifest.tasks, index).id)
  return {
    schema: 'troupe/plan/1',
    base,
    concurrency: manifest.concurrency,
    order: names(graph.byRank),
    waves: graph.waves.map(names),
    criticalPath: names(graph.criticalPath),
    tasks: manifest.tasks.map((task, index) => ({
      id: task.id,
      agent: task.agent,
      ...(task.bestOf !== null && { bestOf: task.bestOf }),
      verb: task.verb,
      files: task.files,
      needs: task.needs,
      waitsFor: names(graph.after[index] ?? []),
      ...placements.get(task.id),
    })),
    overlaps,
    onConflict: manifest.onConflict,
    onOverlap: manifest.onOverlap,
    prepare: manifest.prepare,
    earlyChecks: manifest.earlyCheck,
    checks: manifest.check,
    warnings,
  }
}

const whileTasksWork: Readonly<Record<ConflictPolicy, string>> = {
  tell: 'told within seconds',
  pause: 'the later task is paused until the earlier one has ended, then rebased onto it',
  ignore: 'not looked for',
}

function planAsText(prepared: Prepared): string {
  const { manifest, graph, overlaps, base, warnings } = prepared
  const critical = graph.criticalPath.map((index) => taskAt(manifest.tasks, index).id)
  const lines = [
    `${count(manifest.tasks.length, 'task')} on ${base.slice(0, 12)}, ${manifest.concurrency} at once`,
    '',
    ...table([['wave', 'task', 'agent', 'verb', 'mode', 'workspace', 'waits for', 'files'], ...rows(prepared)]),
    '',
    `critical path (${critical.length}): ${critical.join(' -> ')}`,
    ...(overlaps.length === 0
      ? ['no predicted conflicts']
      : [
          '',
          `predicted conflicts (onOverlap: ${manifest.onOverlap}):`,
          ...overlaps.map((one) => `  ${describeOverlap(one)}`),
        ]),
    `conflicts while tasks work: ${whileTasksWork[manifest.onConflict]} (onConflict: ${manifest.onConflict})`,
    ...manifest.prepare.map(({ name }) => `prepare: ${name}`),
    ...manifest.earlyCheck.map(({ name }) => `early check: ${name}`),
    ...manifest.check.map(({ name }) => `check: ${name}`),
    ...warnings.map((warning) => `note: ${warning}`),
  ]
  return plainLines(lines.join('\n'))
}

function rows({ manifest, graph, placements }: Prepared): readonly (readonly string[])[] {
  return graph.waves.flatMap((wave, number) =>
    wave.map((index) => {
      const task = taskAt(manifest.tasks, index)
      const { host = '', workspace = '' } = placements.get(task.id) ?? {}
      const behind = [
        ...task.needs,
        ...(graph.after[index] ?? []).map((before) => `(${taskAt(manifest.tasks, before).id})`),
      ]
      return [
        String(number + 1),
        task.id,
        whoDoes(task),
        task.verb,
        host,
        workspace,
        behind.join(' ') || '-',
        task.files.map(quoted).join(' ') || '-',
      ]
    }),
  )
}

/** One agent, or all that try it. */
const whoDoes = ({ agent, bestOf }: Task): string =>
  bestOf === null ? agent : new Set(bestOf).size === 1 ? `${agent} x ${bestOf.length}` : bestOf.join(' or ')

function taskAt(tasks: readonly Task[], index: number): Task {
  const task = tasks[index]
  if (task === undefined) throw new RangeError(`no task ${index}`)
  return task
}

import { stringify } from 'yaml'
import { printDuration } from './duration.ts'
import { providerOf } from './providers.ts'
import { defaultResolve, defaultSnapshot, defaultStall } from './resolve-manifest.ts'
import { printSize } from './size.ts'
import type { AgentDeclaration, Budget, CheckCommand, Manifest, ProviderDeclaration, Task } from './task.ts'

/** How a manifest is printed. */
export interface PrintOptions {
  /** Where editors find the schema; null leaves the line out. */
  readonly schema: string | null
}

/** A manifest as YAML that reads back to the same; what is as by default is left out. */
export function manifestToYaml(manifest: Manifest, { schema }: PrintOptions): string {
  const head = schema === null ? '' : `# yaml-language-server: $schema=${schema}\n`
  return head + stringify(manifestDocument(manifest), { lineWidth: 0, aliasDuplicateObjects: false })
}

/**
 * A manifest as JSON that reads back to the same, with a line for each key and each task.
 * @param tasks its tasks, which are asked for one by one: a hundred thousand are not held in another form as well
 */
export const manifestToJson = (manifest: Manifest, tasks: Iterable<Task> = manifest.tasks): string =>
  [...jsonOf(manifest, tasks)].join('') // once: each further time would take its length again

function* jsonOf(manifest: Manifest, tasks: Iterable<Task>): Generator<string> {
  let before = '{\n'
  for (const [key, value] of Object.entries(manifestDocument({ ...manifest, tasks: [] }))) {
    yield `${before}${JSON.stringify(key)}: `
    if (key === 'tasks') yield* listOf(tasks, manifest)
    else yield JSON.stringify(value)
    before = ',\n'
  }
  yield '\n}\n'
}

function* listOf(tasks: Iterable<Task>, manifest: Manifest): Generator<string> {
  let before = '[\n'
  for (const task of tasks) {
    yield before + JSON.stringify(taskEntry(task, manifest))
    before = ',\n'
  }
  yield '\n]'
}

/** A manifest as it would be written, as a value: its JSON reads back to the same. */
export function manifestDocument(manifest: Manifest): object {
  const declared = [...manifest.agents.values()].filter(isWorthSaying)
  return present({
    version: manifest.version,
    name: manifest.name,
    base: unless(manifest.base, 'HEAD'),
    mode: unless(manifest.mode, 'auto'),
    concurrency: unless(manifest.concurrency, 4),
    mailbox: unless(manifest.mailbox, 64),
    stall: unless(durationOrOff(manifest.stallMs), defaultStall),
    memory: manifest.memoryBytes === null ? null : printSize(manifest.memoryBytes),
    budget: budgetEntry(manifest.budget),
    snapshot: unless(durationOrOff(manifest.snapshotMs), defaultSnapshot),
    merge: nonEmpty(present({ ...mergeEntry(manifest), resolver: resolverEntry(manifest) })),
    secrets: nonEmpty(manifest.secrets),
    keepPrompts: manifest.keepPrompts ? true : null,
    onConflict: unless(manifest.onConflict, 'tell'),
    onOverlap: unless(manifest.onOverlap, 'warn'),
    onFailure: unless(manifest.onFailure, 'continue'),
    agents: declared.length === 0 ? null : Object.fromEntries(declared.map((agent) => [agent.name, agentEntry(agent)])),
    providers: nonEmpty(
      Object.fromEntries([...manifest.providers.values()].map((one) => [one.name, providerEntry(one)])),
    ),
    tasks: manifest.tasks.map((task) => taskEntry(task, manifest)),
    check: manifest.check.length === 0 ? null : manifest.check.map(checkEntry),
    earlyCheck: manifest.earlyCheck.length === 0 ? null : manifest.earlyCheck.map(checkEntry),
    prepare: manifest.prepare.length === 0 ? null : manifest.prepare.map(checkEntry),
    output: nonEmpty(present(manifest.output)),
  })
}

const mergeEntry = ({ check, merge: { strategy, resolve, off, blame, ...more } }: Manifest): object =>
  present({
    strategy: unless(strategy, 'best-set'),
    resolve: unless(resolve ?? 'off', defaultResolve(check)),
    without: nonEmpty(off),
    blame: blame ? null : false,
    union: nonEmpty(more.union),
    keyed: nonEmpty(more.keyed),
    regenerate: nonEmpty(Object.fromEntries(more.regenerate.map(regenerateEntry))),
    reusePasses: more.reusePasses ? null : false,
    checksAtOnce: more.checksAtOnce,
  })

function resolverEntry(manifest: Manifest): object | null {
  const { resolver } = manifest.merge
  if (resolver === null) return null
  const entry = Object.entries(taskEntry(resolver.task, manifest)).filter(
    ([key]) => !['id', 'verb', 'workspace'].includes(key),
  )
  return present({ ...Object.fromEntries(entry), atMost: unless(resolver.atMost, 16) })
}

const regenerateEntry = ({ glob, command, timeoutMs }: Manifest['merge']['regenerate'][number]) =>
  [
    glob,
    timeoutMs === null ? asWritten(command) : { run: asWritten(command), timeout: printDuration(timeoutMs) },
  ] as const

/** A line for sh as it stood; anything else word by word. */
const asWritten = (command: readonly string[]): string | readonly string[] => {
  const [shell, option, line, ...others] = command
  return shell === 'sh' && option === '-c' && line !== undefined && others.length === 0 && /\S/.test(line)
    ? line
    : command
}

const isWorthSaying = ({ name, kind, mode, concurrency, provider, options }: AgentDeclaration): boolean =>
  name !== kind || mode !== 'auto' || concurrency !== null || provider !== null || Object.keys(options).length > 0

const agentEntry = ({ kind, mode, concurrency, provider, options }: AgentDeclaration): object =>
  present({ kind, mode: unless(mode, 'auto'), concurrency, provider, ...options })

function providerEntry({ name, account, model, concurrency, ...more }: ProviderDeclaration): object {
  const usual = providerOf(name, {})
  return present({
    account: unless(account, usual.account),
    model: unless(model, usual.model),
    concurrency: unless(concurrency, usual.concurrency),
    requestsPerMinute: more.requestsPerMinute,
    tokensPerMinute: more.tokensPerMinute,
  })
}

function taskEntry(task: Task, { agents, stallMs, memoryBytes }: Manifest): object {
  const shell = agents.get(task.agent)?.options['shell'] === true
  const [only] = task.command ?? []
  return present({
    id: task.id,
    ...candidatesEntry(task),
    verb: task.verb,
    prompt: task.prompt,
    // a text of nothing but white space would be taken for none
    command: shell && task.command?.length === 1 && only?.trim() !== '' ? only : task.command,
    files: nonEmpty(task.files),
    owns: task.owns,
    needs: nonEmpty(task.needs),
    priority: unless(task.priority, 0),
    estimate: task.estimateMs === null ? null : printDuration(task.estimateMs),
    timeout: task.timeoutMs === null ? null : printDuration(task.timeoutMs),
    stall: task.stallMs === stallMs ? null : durationOrOff(task.stallMs),
    memory: task.memoryBytes === memoryBytes ? null : sizeOrOff(task.memoryBytes),
    budget: budgetEntry(task.budget),
    retries: unless(task.retries, 0),
    onRetry: unless(task.onRetry, 'fresh'),
    env: nonEmpty(task.env),
    workspace: task.workspace,
  })
}

/** A number where all are the same, else their names. */
const candidatesEntry = ({ agent, bestOf }: Task): object =>
  bestOf === null || bestOf.every((one) => one === agent)
    ? { agent, bestOf: bestOf?.length ?? null }
    : { agent: null, bestOf }

const budgetEntry = ({ tokens, costUsd, timeMs }: Budget): object | null =>
  nonEmpty(present({ tokens, costUsd, time: timeMs === null ? null : printDuration(timeMs) }))

const durationOrOff = (ms: number | null): string => (ms === null ? 'off' : printDuration(ms))

const sizeOrOff = (bytes: number | null): string => (bytes === null ? 'off' : printSize(bytes))

const checkEntry = ({ name, command, timeoutMs }: CheckCommand): object =>
  present({ name, run: command, timeout: timeoutMs === null ? null : printDuration(timeoutMs) })

const unless = <Value>(value: Value, usual: Value): Value | null => (value === usual ? null : value)

const nonEmpty = <Value extends object>(value: Value): Value | null => (Object.keys(value).length === 0 ? null : value)

const present = (entries: object): object =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null && value !== undefined))

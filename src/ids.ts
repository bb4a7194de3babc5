declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** Names one run: sorts by time, safe as a file name and as a ref component. */
export type RunId = Branded<'RunId'>
/** Names one task of a manifest; unique within it. */
export type TaskId = Branded<'TaskId'>
/** Names one agent of a manifest. */
export type AgentName = Branded<'AgentName'>
/** Full hexadecimal object id of a commit. */
export type CommitId = Branded<'CommitId'>
/** Full hexadecimal object id of a tree. */
export type TreeId = Branded<'TreeId'>
/** Names an actor within its supervisor. */
export type ActorId = Branded<'ActorId'>

/** What task ids and agent names look like: they become parts of file names and refs. */
export const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/

/** Marks a checked string as a run id. */
export const asRunId = (text: string): RunId => text as RunId
/** Marks a checked string as a task id. */
export const asTaskId = (text: string): TaskId => text as TaskId
/** Marks a checked string as an agent name. */
export const asAgentName = (text: string): AgentName => text as AgentName
/** Marks git's own answer as a commit id. */
export const asCommitId = (text: string): CommitId => text as CommitId
/** Marks git's own answer as a tree id. */
export const asTreeId = (text: string): TreeId => text as TreeId
/** Marks a checked string as an actor id. */
export const asActorId = (text: string): ActorId => text as ActorId

/** A new run id: UTC time to the millisecond, so that ids sort by it, and five hexadecimal digits of chance. */
export function newRunId(nowMs: number, random: () => number): RunId {
  const [date = '', time = ''] = new Date(nowMs).toISOString().replaceAll(/[-:Z]/g, '').split('T')
  const [seconds = '', milliseconds = ''] = time.split('.')
  const chance = Math.floor(random() * 0x10_0000)
    .toString(16)
    .padStart(5, '0')
  return asRunId(`${date}-${seconds}-${milliseconds}${chance}`)
}

/** What a run id looks like, at the beginning of a text. */
export const runIdPattern = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(\d{3})[0-9a-f]{5}/

/** When the run with this id was begun, in milliseconds since the epoch; 0 for an id of another making. */
export function startOfRun(run: RunId): number {
  const [year = 1970, month = 1, day = 1, ...time] = (runIdPattern.exec(run) ?? []).slice(1).map(Number)
  return Date.UTC(year, month - 1, day, ...time)
}

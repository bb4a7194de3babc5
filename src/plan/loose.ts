/** A task of a document that may be wrong elsewhere: what can be trusted of it. */
export interface LooseTask {
  readonly index: number
  readonly id: string | null
  readonly value: Readonly<Record<string, unknown>>
  readonly needs: readonly string[]
}

/** An agent of a document that may be wrong elsewhere. */
export interface LooseAgent {
  /** null when none can be read. */
  readonly kind: string | null
  /** The kind's own. */
  readonly options: Readonly<Record<string, unknown>>
}

/** The tasks of any value that came out of a document. */
export function looseTasks(document: unknown): readonly LooseTask[] {
  const tasks = isRecord(document) && Array.isArray(document['tasks']) ? (document['tasks'] as readonly unknown[]) : []
  return tasks.flatMap((value, index) => {
    if (!isRecord(value)) return []
    const id = isText(value['id']) ? value['id'] : null
    return [{ index, id, value, needs: stringsOf(value['needs']) }]
  })
}

/** The agents of any value that came out of a document, by name. */
export function looseAgents(document: unknown): ReadonlyMap<string, LooseAgent> {
  const agents = isRecord(document) && isRecord(document['agents']) ? document['agents'] : {}
  return new Map(
    Object.entries(agents).map(([name, value]) => {
      const { kind, ...others } = isRecord(value) ? value : {}
      const options = Object.fromEntries(Object.entries(others).filter(([key]) => !commonKeys.has(key)))
      return [name, { kind: typeof kind === 'string' ? kind : null, options }]
    }),
  )
}

const commonKeys: ReadonlySet<string> = new Set(['mode', 'concurrency', 'provider'])

/** Whether a value is a mapping. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a value is text that says something. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

/** The strings of a list; anything else is left out. */
export const stringsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : nothing

const nothing: readonly never[] = []

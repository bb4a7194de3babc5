import type { AcpOptions } from './options.ts'
import type { ToolKind } from './tool-kinds.ts'

/** What a policy says of one kind of tool call; `owned` depends on what it would write. */
export type Judgement = 'allow' | 'owned' | 'deny'

/** One of the answers that an agent offers. */
export interface PermissionOption {
  readonly optionId: string
  readonly kind: string
}

export type PermissionOutcome =
  | { readonly outcome: 'selected'; readonly optionId: string }
  | { readonly outcome: 'cancelled' }

const looks: ReadonlySet<ToolKind> = new Set(['read', 'search', 'think', 'fetch'])

/** What the policy of a manifest says of a kind of tool call; a kind that it does not name is `owned`. */
export function judge(permissions: AcpOptions['permissions'], kind: ToolKind): Judgement {
  if (typeof permissions !== 'string') return permissions[kind] ?? 'owned'
  return permissions === 'read-only' ? (looks.has(kind) ? 'allow' : 'deny') : permissions
}

/** Picks from what the agent offers by what each answer means; once goes before always, so that the next call is asked about too. */
export function choose(options: readonly PermissionOption[], allowed: boolean): PermissionOutcome {
  const kinds = allowed ? ['allow_once', 'allow_always'] : ['reject_once', 'reject_always']
  const found = kinds.flatMap((kind) => options.find((option) => option.kind === kind) ?? [])
  return found[0] === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId: found[0].optionId }
}

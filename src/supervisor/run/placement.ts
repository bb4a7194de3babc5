import type { HostKind } from '../../actors/contract.ts'
import type { WorkspaceKind } from '../../plan/task.ts'

/** Where a task's actor lives and where it works, all choices made. */
export interface Placement {
  readonly kind: string
  readonly host: HostKind
  readonly workspace: WorkspaceKind
}

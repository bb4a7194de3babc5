import type { ChildProcess } from 'node:child_process'

/** Whether the event loop waits for a child and its pipes: not for one that only waits to be asked. */
export function holdOpen(child: ChildProcess, hold: boolean): void {
  const pipes = child.stdio.filter((stream) => stream !== null && stream !== undefined)
  for (const handle of [child, ...pipes] as unknown as readonly { ref(): void; unref(): void }[]) {
    if (hold) handle.ref()
    else handle.unref()
  }
}

import { type Marker, processesWith } from './sweep.ts'

/**
 * Signals every process that carries a marker, also those that come meanwhile, and says how many; 0 where the system does not tell
 * the environment of processes (no /proc).
 */
export function signalMarked(marker: Marker, signal: NodeJS.Signals): number {
  const signalled = new Set<number>()
  for (;;) {
    const fresh = processesWith(marker).filter(({ pid }) => !signalled.has(pid))
    if (fresh.length === 0) return signalled.size
    for (const { pid } of fresh) {
      signalled.add(pid)
      send(pid, signal)
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

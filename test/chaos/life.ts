import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import type { ProcessIdentity } from '../../src/process-identity.ts'
import { root, withoutHooks } from '../acceptance/troupe.ts'
import { runIn } from './evidence.ts'
import type { Fault } from './fault.ts'
import { descendantsOf } from './processes.ts'
import type { Scene } from './scene.ts'

/** Where the actors of a run live. */
export type Mode = 'async' | 'thread' | 'process'

/** What happens to a supervisor. */
export type Fate = Fault | KillAtMoment | { readonly fate: 'none' }

/** A kill so many milliseconds after its start, or after its first task has begun, which is as late on any machine. */
interface KillAtMoment {
  readonly fate: 'moment'
  readonly ms: number
  readonly since?: 'start' | 'first-task'
}

/** What a supervisor's life came to. */
export interface Life {
  readonly fate: Fate
  readonly killed: boolean
  readonly status: number | null
  readonly said: string
  readonly durationMs: number
  /** Processes below it when it was killed. */
  readonly leftBehind: readonly ProcessIdentity[]
}

/** Begins the run of a scene, or goes on with it, until its fate or its end. */
export async function live(scene: Scene, mode: Mode, fate: Fate): Promise<Life> {
  const noteTo = join(scene.folder, 'left-behind.json')
  rmSync(noteTo, { force: true })
  const began = performance.now()
  const child = spawn('env', [...withoutHooks, process.execPath, ...programFor(scene, { mode, fate, noteTo })], {
    cwd: scene.repository,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let leftBehind: readonly ProcessIdentity[] = []
  const spares: (() => void)[] = []
  const { pid = 0 } = child
  const aim = (): void => {
    if (fate.fate !== 'moment' || spares.length > 0) return
    if (fate.since === 'first-task' && !said.includes(' running (attempt ')) return
    const kill = (): void => {
      leftBehind = descendantsOf(pid)
      child.kill('SIGKILL')
    }
    spares.push(systemClock.after(fate.ms, kill))
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
      aim()
    })
  }
  aim()
  const closed = once(child, 'close')
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
  const durationMs = performance.now() - began
  for (const spare of spares) spare()
  // whoever a killed one leaves behind may hold the pipes
  if (signal === null) await closed
  child.stdout.destroy()
  child.stderr.destroy()
  if (existsSync(noteTo)) leftBehind = JSON.parse(readFileSync(noteTo, 'utf8')) as readonly ProcessIdentity[]
  return { fate, killed: signal === 'SIGKILL', status, said, durationMs, leftBehind }
}

interface Program {
  readonly mode: Mode
  readonly fate: Fate
  readonly noteTo: string
}

function programFor(scene: Scene, { mode, fate, noteTo }: Program): readonly string[] {
  const run = runIn(scene)
  if (fate.fate === 'none' || fate.fate === 'moment') {
    const troupe = [join(root, 'bin/troupe.mjs'), '--json']
    return run === null ? [...troupe, 'run', '--mode', mode, scene.manifest] : [...troupe, 'resume', run.id]
  }
  const supervisor = [join(root, 'test/chaos/supervisor.ts'), JSON.stringify(fate), noteTo]
  return run === null ? [...supervisor, 'run', scene.manifest, mode] : [...supervisor, 'resume', run.id]
}

import { type ChildProcess, spawn } from 'node:child_process'

/**
 * A shell that outlives the supervisor by a moment. It learns which process groups run; the end of its input means that
 * the supervisor is gone, however it went, and then it kills what is left. A child cannot do this for itself: one that
 * spins never sees its parent leave.
 */
const script = `
trap '' HUP INT TERM
groups=' '
while read -r verb group; do
  case $verb in
    guard) groups="$groups$group " ;;
    release) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
for file in $(grep -lzs "^$1=$2" /proc/[0-9]*/environ); do
  pid=\${file#/proc/}
  kill -s KILL "\${pid%/environ}" 2>/dev/null
done
`

/** What marks the processes of a host's actors, which hand it on to what they start. */
export interface ActorMark {
  /** Of the variable in their environment. */
  readonly name: string
  /** How its value begins. */
  readonly prefix: string
}

/**
 * Kills process groups when this process dies, and on Linux whoever carries the mark in another group.
 * Started with the first group; without a POSIX shell it does nothing.
 */
export class Reaper {
  readonly #groups = new Set<number>()
  readonly #mark: ActorMark
  #shell: ChildProcess | null = null

  constructor(mark: ActorMark) {
    this.#mark = mark
  }

  /** From now on the group dies with this process. */
  guard(group: number): void {
    this.#groups.add(group)
    if (this.#shell === null) this.#start()
    else this.#tell(`guard ${group}`)
  }

  /** The group has ended: its number may come to mean another. */
  release(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`release ${group}`)
  }

  /** Lets the shell go; whatever is still guarded is killed. */
  close(): void {
    this.#shell?.stdin?.end()
    this.#shell = null
  }

  #start(): void {
    if (process.platform === 'win32') return
    const { name, prefix } = this.#mark
    const shell = spawn('/bin/sh', ['-c', script, 'sh', name, prefix], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#shell = shell
    const lost = (): void => {
      if (this.#shell === shell) this.#shell = null
    }
    shell.once('exit', lost).once('error', lost)
    shell.stdin.on('error', lost)
    shell.unref()
    // a pipe is a socket in Node, but typed as a plain stream
    if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref()
    for (const group of this.#groups) this.#tell(`guard ${group}`)
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`)
  }
}

import { spawnSync } from 'node:child_process'

/** A way to give a program a pid namespace of its own: when its first process dies, the kernel kills all others (pid_namespaces(7)). */
export interface Isolation {
  readonly name: 'bwrap' | 'unshare' | 'unshare as a user'
  /** The words that a program is started with in front of its own. */
  readonly argv: readonly string[]
}

/**
 * The first process of a namespace gets no signal that it has not asked for: a shell stands there, lives through a polite stop, which
 * goes to the whole group, and answers with what the program ends with.
 */
const first = [
  'sh',
  '-c',
  'trap : TERM INT HUP; "$@" & while :; do wait $!; s=$?; kill -0 $! 2>/dev/null || exit $s; done',
  'sh',
]

/**
 * A polite stop goes to the whole group. bwrap would end with all at once: it is deaf to what stops politely, and the program is not.
 */
export const politeFirst = {
  outside: ['sh', '-c', 'trap "" TERM INT HUP; exec "$@"', 'sh'],
  inside: ['env', '--default-signal=TERM,INT,HUP'],
} as const

const unshare = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']

/** The ways, the best one first. */
const ways: readonly Isolation[] = [
  {
    name: 'bwrap',
    argv: [
      ...politeFirst.outside,
      ...words('bwrap --dev-bind / / --unshare-pid --proc /proc --die-with-parent --'),
      ...politeFirst.inside,
    ],
  },
  { name: 'unshare', argv: [...unshare, '--', ...first] },
  { name: 'unshare as a user', argv: [...unshare, '--user', '--map-current-user', '--', ...first] },
]

let found: Isolation | null | undefined

/** The best way that works on this machine, tried once; null where there is none. */
export function findIsolation(): Isolation | null {
  found ??= ways.find(works) ?? null
  return found
}

function works({ argv: [program = '', ...words] }: Isolation): boolean {
  const { status } = spawnSync(program, [...words, 'true'], { stdio: 'ignore', timeout: 5_000 })
  return status === 0
}

/** Words as they stand in the manual. */
export function words(text: string): readonly string[] {
  return text.split(' ')
}

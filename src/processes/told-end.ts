import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPerl } from './find-perl.ts'
import { exitOf, failedStart } from './forkserver-answers.ts'
import type { ProgramExit } from './launcher.ts'

/** Learns how a program in a container ended: a container has its own exit status only, which is one number for two ends. */
export interface ToldEnd {
  /** The words in front of those of the container. */
  readonly outside: readonly string[]
  /** The words between those of the container and the program's own. */
  readonly inside: readonly string[]
  /** How the program ended, after its container has ended so. To be called once. */
  ended(exit: ProgramExit): ProgramExit
}

/**
 * The program's parent inside is a Perl that tells by a file, already without a name, what the exit status cannot: that a signal
 * ended the program (128 + its number), or that it could not be started (127). The program has no hold of that file.
 * Null without Perl or a place for the file: then only the exit status is told.
 */
export function tellEnd(environment: NodeJS.ProcessEnv): ToldEnd | null {
  const perl = findPerl(environment)
  const file = perl === null ? null : namelessFile()
  if (perl === null || file === null) return null
  return {
    outside: ['sh', '-c', 'test -w "$0" && exec 3>"$0"; exec "$@"', `/proc/${process.pid}/fd/${file}`],
    inside: [perl, '-e', parent],
    ended(exit) {
      const told = readFileSync(file, 'latin1')
      closeSync(file)
      return exit.how === 'exited' ? endOf(told, exit) : exit
    },
  }
}

// what is opened above descriptor 2 is closed when Perl becomes another program
const parent = `
open(my $told, '>&=', 3);
my $pid = fork() // exit 126;
$SIG{$_} = $pid ? 'IGNORE' : 'DEFAULT' for qw(TERM INT HUP);
if (!$pid) {
    exec { $ARGV[0] } @ARGV;
    syswrite($told, 'not-started ' . ($! + 0)) if $told;
    exit 127;
}
waitpid($pid, 0);
my $signal = $? & 127;
syswrite($told, "signalled $signal") if $told && $signal;
exit($signal ? 128 + $signal : $? >> 8);
`

function namelessFile(): number | null {
  const path = join(tmpdir(), `troupe-end-${randomUUID()}`)
  try {
    return openSync(path, 'wx+', 0o600)
  } catch {
    return null
  } finally {
    rmSync(path, { force: true })
  }
}

function endOf(told: string, exit: Extract<ProgramExit, { readonly how: 'exited' }>): ProgramExit {
  const [, how, digits] = /^(not-started|signalled) (\d+)$/.exec(told) ?? []
  const number = Number(digits)
  if (how === 'not-started' && exit.code === 127)
    return failedStart({ type: 'failed', id: 0, what: 'exec', errno: number })
  const isSignal = how === 'signalled' && exit.code === 128 + number
  return isSignal ? exitOf({ type: 'exited', id: 0, code: 0, signal: number }) : exit
}

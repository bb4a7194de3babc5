/** How a command of Troupe ends, as its exit status. */
export const exitCodes = { ok: 0, unfinished: 1, badInput: 2, internal: 3, interrupted: 130 } as const

/** Every error Troupe raises on purpose: the exit status it leads to and what the reader can do. docs/errors.md lists the same. */
export const catalogue = {
  USAGE: { exit: exitCodes.badInput, fix: 'See troupe --help.' },
  MANIFEST_INVALID: { exit: exitCodes.badInput, fix: 'Correct the places shown; nothing was started.' },
  MANIFEST_NOT_FOUND: {
    exit: exitCodes.badInput,
    fix: 'Give the path of a manifest (YAML or JSON) or a quoted task expression.',
  },
  EXPRESSION_INVALID: { exit: exitCodes.badInput, fix: 'Correct the column shown; nothing was started.' },
  ISOLATION_MISSING: {
    exit: exitCodes.badInput,
    fix: 'Install bubblewrap, or leave isolate out: troupe doctor says what works here.',
  },
  RUN_STOPPED: {
    exit: exitCodes.interrupted,
    fix: 'Go on with troupe resume: what had ended is kept, and the proposal is made then.',
  },
  AGENT_UNFIT: {
    exit: exitCodes.badInput,
    fix: 'Install the program named, or a newer version of it, or say with argv where it is; troupe doctor says what is here.',
  },
  SANDBOX_MISSING: {
    exit: exitCodes.badInput,
    fix: 'Install bubblewrap on a Linux that lets it make namespaces, or set sandbox to none: troupe doctor says what works here.',
  },
  KEY_MISSING: {
    exit: exitCodes.badInput,
    fix: 'Set the variable named in the environment of troupe, or put the file named there; a manifest never holds a key.',
  },
  SECRET_TOO_SHORT: {
    exit: exitCodes.badInput,
    fix: 'Give the variable a value of at least 6 characters, or take it out of secrets: a shorter one cannot be told from other text.',
  },
  SECRET_IN_MANIFEST: {
    exit: exitCodes.badInput,
    fix: 'Take the value out of the manifest and hand the variable on with inheritEnv: a manifest is kept with its run.',
  },
  SECRET_WRITTEN: {
    exit: exitCodes.internal,
    fix: 'Such a file is not saved; at the end the value is taken out and the attempt fails. docs/secrets.md tells more.',
  },
  PROMPTS_MISSING: {
    exit: exitCodes.badInput,
    fix: 'Give the manifest or the expression of the run: troupe resume --manifest. With keepPrompts: true prompts are kept with a run.',
  },
  OVERLAP_REFUSED: {
    exit: exitCodes.badInput,
    fix: 'Order the tasks with needs, or set onOverlap to warn or serialize.',
  },
  NOT_A_REPOSITORY: { exit: exitCodes.badInput, fix: 'Run inside a git repository, or name its folder with -C.' },
  NO_COMMIT_YET: {
    exit: exitCodes.badInput,
    fix: 'Make a first commit, or name another as the base: agents start from a commit.',
  },
  BASE_UNKNOWN: { exit: exitCodes.badInput, fix: 'Name a revision that git rev-parse knows.' },
  GIT_MISSING: { exit: exitCodes.badInput, fix: 'Install git 2.38 or newer.' },
  GIT_TOO_OLD: { exit: exitCodes.badInput, fix: 'Install git 2.38 or newer: merge-tree --write-tree is needed.' },
  GIT_FAILED: { exit: exitCodes.internal, fix: 'Read what git said; troupe doctor checks the set-up.' },
  NO_SPACE: {
    exit: exitCodes.internal,
    fix: 'Free some disk space; troupe resume goes on with a run that had begun.',
  },
  NO_TEMPORARY_FOLDER: {
    exit: exitCodes.badInput,
    fix: 'Set TMPDIR to a folder that is there and can be written, or take it out of the environment.',
  },
  RUN_NOT_FOUND: {
    exit: exitCodes.badInput,
    fix: 'troupe status --all lists the runs of this worktree, and where others have some.',
  },
  RUN_ENDED: { exit: exitCodes.badInput, fix: 'troupe show shows what it came to; troupe run begins a new one.' },
  TASK_NOT_FOUND: { exit: exitCodes.badInput, fix: 'troupe status lists the tasks of the run.' },
  LEDGER_INCOMPLETE: {
    exit: exitCodes.internal,
    fix: 'This is a fault of Troupe: nothing was proposed. Every change set is still under refs/troupe; troupe show --task has each.',
  },
  CHANGE_SET_NOT_FOUND: {
    exit: exitCodes.badInput,
    fix: 'troupe show --task says how it ended; --snapshot is for what it had written when its files were last saved.',
  },
  PROPOSAL_NOT_FOUND: {
    exit: exitCodes.badInput,
    fix: 'The run has not written a proposal; troupe status says how far it came.',
  },
  PROPOSAL_LOST: {
    exit: exitCodes.badInput,
    fix: 'troupe resume, with the run named, makes it again from the change sets; its checks run once more.',
  },
  BRANCH_MOVED: {
    exit: exitCodes.unfinished,
    fix: 'Something else moved the branch or holds its name; look at it, then apply again.',
  },
  BRANCH_CONFLICTS: {
    exit: exitCodes.unfinished,
    fix: 'Nothing moved. --partial lands what still goes, --only the tasks that you name; each change set is whole at its ref.',
  },
  CHECK_FAILED: {
    exit: exitCodes.unfinished,
    fix: 'troupe show says what failed; --force applies the proposal all the same.',
  },
  CHECK_NOT_RUN: {
    exit: exitCodes.unfinished,
    fix: 'Provide what the check lacks and apply again, which runs it; --force applies the proposal all the same.',
  },
  CHECKOUT_DIRTY: { exit: exitCodes.badInput, fix: 'Commit or stash the files named, then apply again.' },
  CHECKOUT_BUSY: {
    exit: exitCodes.badInput,
    fix: 'Finish or give up what git is in the middle of there (git status tells how), then apply again.',
  },
  CHECKOUT_GONE: {
    exit: exitCodes.badInput,
    fix: 'Bring the folder back, or have git forget it with git worktree prune, then apply again.',
  },
  SIGNATURES_WANTED: {
    exit: exitCodes.badInput,
    fix: 'Apply to a branch that is not checked out (--branch), sign its commits and merge it; or take the setting back and apply again.',
  },
  GIT_LOCKED: {
    exit: exitCodes.badInput,
    fix: 'Wait for the git that is at work there; when none is, remove the lock named. Then apply again.',
  },
  LEASE_HELD: { exit: exitCodes.badInput, fix: 'Another process works on it; wait for it or stop it first.' },
  LEASE_LOST: { exit: exitCodes.internal, fix: 'Another supervisor took over; troupe status shows the run.' },
  JOURNAL_CORRUPT: {
    exit: exitCodes.internal,
    fix: 'What had been on disk is damaged: keep the folder, look at the disk, and report it.',
  },
  STORE_FAILED: {
    exit: exitCodes.internal,
    fix: 'Check that the file named can be written where it lies and the disk is sound; troupe resume goes on with a run that had begun.',
  },
  ACTOR_GONE: { exit: exitCodes.internal, fix: 'The actor ended before it answered; its exit says why.' },
  ACTOR_UNKNOWN: {
    exit: exitCodes.internal,
    fix: 'No actor of that name runs now; one that restarts can be asked again when it has started.',
  },
  ASK_TIMEOUT: { exit: exitCodes.internal, fix: 'Give the actor more time with withinMs, or find out what holds it.' },
  START_FAILED: { exit: exitCodes.internal, fix: 'A child of a supervisor could not start; the cause says why.' },
  HOST_FAILED: { exit: exitCodes.internal, fix: 'The execution mode could not start; try another with --mode.' },
  MAILBOX_FULL: { exit: exitCodes.internal, fix: 'Wait for room before sending.' },
  MAILBOX_CLOSED: { exit: exitCodes.internal, fix: 'The receiver has stopped; nothing more can be sent.' },
  INTERNAL: { exit: exitCodes.internal, fix: 'This is a defect of Troupe; run again with --verbose and report it.' },
} as const satisfies Record<string, { readonly exit: number; readonly fix: string }>

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue

/** An error for people: what happened (`message`), what to do (`fix`), and the exit status it leads to. */
export class TroupeError extends Error {
  override readonly name = 'TroupeError'
  readonly code: ErrorCode
  /** For programs: what `--json` adds to the message. */
  readonly details: unknown

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.details = options.details
  }

  /** What the reader can do about it. */
  get fix(): string {
    return catalogue[this.code].fix
  }

  /** The exit status of a command that ends with this error. */
  get exitCode(): number {
    return catalogue[this.code].exit
  }
}

/** The value at `key`, which the caller knows to be there; a missing one is a defect. */
export function must<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key)
  if (value === undefined) throw new TroupeError('INTERNAL', `nothing is known of ${String(key)}`)
  return value
}

/** For the `default` of an exhaustive switch: the type checker proves it is not reached. */
export function unreachable(value: never): never {
  throw new TroupeError('INTERNAL', `unexpected ${JSON.stringify(value)}`)
}

/** The message of anything thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

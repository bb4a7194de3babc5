import { type Command, InvalidArgumentError, Option } from 'commander'
import { describeFold } from './describe-fold.ts'
import { type Bind, newProgram, runProgram } from './program.ts'
import { processTerminal } from './terminal.ts'

/** Runs the command that `argv` (without node and script) names and returns its exit status. */
export const main = async (argv: readonly string[], terminalIn = processTerminal): Promise<number> =>
  await runProgram(argv, terminalIn, describeProgram)

/** Heavy imports wait until a command is chosen, so that --help answers at once. */
function describeProgram(bind: Bind): Command {
  const program = newProgram().addHelpText('after', afterHelp)
  withRunOptions(program.command('run'))
    .description('carry out a manifest or a quoted task expression')
    .argument('<manifest|expression>', 'YAML or JSON file, or: \'review "security issues" auth.py AND test auth.py\'')
    .action(bind(async () => (await import('./run.ts')).runCommand))
  withRunOptions(program.command('supervise'))
    .description('the same as run; without an argument, an example in a temporary folder')
    .argument('[manifest|expression]')
    .option('--example <name>', 'which example: service, diamond or self')
    .action(bind(async () => (await import('./supervise.ts')).superviseCommand))
  program
    .command('resume')
    .description('go on with a run whose supervisor died or was interrupted')
    .argument('[run]', 'id of a run, or its beginning; the newest that has not ended by default')
    .option(
      '--manifest <manifest|expression>',
      'what the run was given: its prompts are not kept, unless keepPrompts says so',
    )
    .action(bind(async () => (await import('./resume.ts')).resumeCommand))
  withRunOptions(program.command('plan'))
    .description('what a run would do: order, critical path, predicted conflicts; starts nothing')
    .argument('<manifest|expression>')
    .option('--as-manifest', 'print the manifest that an expression stands for', false)
    .action(bind(async () => (await import('./plan.ts')).planCommand))
  describeLooking(program, bind)
  describeReplay(program, bind)
  describeTidying(program, bind)
  describeFold(
    program,
    bind(async () => (await import('./fold.ts')).foldCommand),
  )
  describeSettingUp(program, bind)
  return program
}

function describeLooking(program: Command, bind: Bind): void {
  program
    .command('status')
    .description('the runs of this repository and where their tasks stand')
    .argument('[run]', 'id of a run, or its beginning; the newest by default')
    .option('--watch', 'follow until the run ends', false)
    .option('--all', 'list every run', false)
    .action(bind(async () => (await import('./status.ts')).statusCommand))
  program
    .command('log')
    .description('what happened in a run, event by event, and why')
    .argument('[run]', 'id of a run, or its beginning; the newest by default')
    .option('--task <id>', 'only what is about one task')
    .option('--follow', 'go on until the run ends', false)
    .action(bind(async () => (await import('./log.ts')).logCommand))
  program
    .command('show')
    .description("the proposal of a run, its conflicts, or one task's result, log or diff")
    .argument('[run]', 'id of a run, or its beginning; the newest by default')
    .option('--conflicts', 'only the conflicts', false)
    .option('--conflict <n>', 'only this one of the conflicts, from 1', wholeNumber(Number.MAX_SAFE_INTEGER))
    .option('--task <id>', 'one task: its result')
    .option('--log', "with --task: its last attempt's log", false)
    .option('--diff', 'the diff of the proposal, or of the task', false)
    .option('--findings', 'only the findings', false)
    .option('--html', 'the proposal as one page for a browser, with a picture of how the tasks came together', false)
    .option('--snapshot', 'with --task: what it had written when its files were last saved', false)
    .action(bind(async () => (await import('./show.ts')).showCommand))
  program
    .command('apply')
    .description('move a branch to the proposal, or to one task; the only command that touches your branches')
    .argument('[run]', 'id of a run, or its beginning; the newest by default')
    .option('--branch <name>', 'the branch to move or make; the current one by default')
    .option('--task <id>', 'only the change set of one task, with what it was made on')
    .option('--snapshot', 'with --task: what it had written when its files were last saved', false)
    .option('--only <ids>', 'only these tasks of the proposal (a,b), with what they need; that part is checked anew')
    .option('--partial', 'where the branch has moved: land what goes with it, leave out the rest', false)
    .option('--force', 'also when a check fails or cannot run', false)
    .option('--no-check', 'do not run the checks again, neither for a part nor for a branch that has moved')
    .action(bind(async () => (await import('./apply.ts')).applyCommand))
}

function describeReplay(program: Command, bind: Bind): void {
  program
    .command('replay')
    .description("make a run's proposal once more from its change sets, and say whether it comes out the same")
    .argument('[run]', 'id of a run, or its beginning; the newest by default')
    .action(bind(async () => (await import('./replay.ts')).replayCommand))
}

function describeTidying(program: Command, bind: Bind): void {
  program
    .command('gc')
    .description('take away what dead runs have left, never unsealed work; whole runs when they are old enough')
    .argument('[run]', 'id of a run, or its beginning; all by default')
    .option('--dry-run', 'only say what would go', false)
    .option('--unfinished', 'seal and take the worktrees of runs that could be resumed, too', false)
    .option('--older-than <age>', 'also the files and refs of runs that ended longer ago: 12h, 30d')
    .option('--unapplied', 'with --older-than: also of runs whose proposal no branch has', false)
    .action(bind(async () => (await import('./gc.ts')).gcCommand))
}

function describeSettingUp(program: Command, bind: Bind): void {
  program
    .command('init')
    .description('write a first manifest, troupe.yaml')
    .option('--force', 'replace an existing one', false)
    .action(bind(async () => (await import('./init.ts')).initCommand))
  program
    .command('schema')
    .description('print the JSON Schema of a manifest, for editors')
    .action(bind(async () => (await import('./schema.ts')).schemaCommand))
  program
    .command('doctor')
    .description('check git, node, the repository and the agents on this machine, or what is kept of a run')
    .option('--run [run]', 'only this run: its journal, change sets, results, proposal; the newest by default')
    .action(bind(async () => (await import('./doctor.ts')).doctorCommand))
}

function withRunOptions(command: Command): Command {
  return command
    .addOption(new Option('-m, --mode <mode>', 'where agents live').choices(['auto', 'async', 'thread', 'process']))
    .option('-j, --concurrency <n>', 'attempts at once', wholeNumber(1024))
    .option('--base <revision>', 'what the agents start from')
    .addOption(new Option('--on-overlap <policy>', 'predicted conflicts').choices(['warn', 'serialize', 'refuse']))
    .addOption(new Option('--on-failure <policy>', 'after a task has failed').choices(['continue', 'stop']))
}

const wholeNumber =
  (most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= 1 && value <= most) return value
    throw new InvalidArgumentError(
      `It must be a whole number from 1${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}.`,
    )
  }

const afterHelp = `
Exit status:
  0    every task landed and no check failed
  1    tasks failed, conflicts are left, or a check failed
  2    bad input: nothing was started
  3    Troupe itself failed
  130  interrupted (Ctrl-C; once ends politely, twice at once)`

import { performRun, type RunOutcome, type RunUnderWay } from './perform-run.ts'
import { type PlanOptions, prepare } from './prepare.ts'
import { describeOverlap } from './prepare.ts'
import { openRunView } from './run-view.ts'
import { onInterrupts } from './interrupts.ts'
import { keepHeapSmall } from './small-heap.ts'
import type { Terminal } from './terminal.ts'

/** `troupe run`: a manifest or a task expression, carried out. */
export async function runCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: PlanOptions },
): Promise<number> {
  const [argument = ''] = input.arguments
  return (await carryOut(argument, terminal, input.options)).exitCode
}

/** Prepares, runs and reports; answers with what the run came to. */
export async function carryOut(argument: string, terminal: Terminal, options: PlanOptions): Promise<RunOutcome> {
  keepHeapSmall()
  const prepared = await prepare(argument, terminal, options)
  for (const warning of prepared.warnings) terminal.tell(`note: ${warning}`)
  for (const overlap of prepared.overlaps) terminal.tell(`predicted conflict: ${describeOverlap(overlap)}`)
  // log lines would tear a picture
  const view = openRunView(prepared, options.verbose ? { ...terminal, live: false } : terminal)
  let calledOff = (): void => {}
  try {
    const outcome = await performRun(prepared, {
      verbose: options.verbose,
      begun(run: RunUnderWay) {
        calledOff = onInterrupts(run, view.tell)
        view.begun(run)
      },
      observe: view.observe,
    })
    view.end()
    terminal.print(options.json ? JSON.stringify(asJson(outcome), null, 2) : asText(outcome))
    return outcome
  } finally {
    view.end()
    calledOff()
  }
}

function asJson({ run, exitCode, reason, files, proposal }: RunOutcome): object {
  return { schema: 'troupe/run/1', run, exitCode, reason, files, proposal }
}

function asText({ run, reason, files, proposal }: RunOutcome): string {
  const landed = proposal.tasks.filter(({ disposition }) => disposition.state === 'landed').length
  const conflicts = proposal.conflicts.map(({ message }) => `conflict: ${message}`)
  const troubles = proposal.tasks.flatMap(({ task, disposition }) =>
    'reason' in disposition && disposition.state === 'failed' ? [`failed: ${task}: ${disposition.reason}`] : [],
  )
  return [
    ...conflicts,
    ...troubles,
    `${reason}: ${landed} of ${proposal.tasks.length} tasks changed files that landed, ${proposal.findings.length} findings`,
    `proposal: ${proposal.commit.slice(0, 12)} at ${proposal.ref}`,
    `read it:  ${files.markdown}`,
    `look:     troupe show ${run}`,
    `take it:  troupe apply ${run}`,
  ].join('\n')
}

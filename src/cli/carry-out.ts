import type { RunOutcome, RunUnderWay, RunWatch } from './conduct-run.ts'
import { jsonPieces, wholeLines } from './json-pieces.ts'
import { onInterrupts } from './interrupts.ts'
import { loadAgents } from './load-agents.ts'
import { plainLines, plainText } from '../plain-text.ts'
import type { Prepared } from './prepare.ts'
import { openRunView } from './run-view.ts'
import type { CommonOptions, Terminal } from './terminal.ts'
import { count } from '../count.ts'

interface CarriedOut {
  readonly prepared: Prepared
  readonly terminal: Terminal
  readonly options: CommonOptions
  /** Carries the run out, a new one or one that is gone on with. */
  perform(watch: RunWatch): Promise<RunOutcome>
}

/** Carries a run out before people's eyes and prints what it came to. */
export async function carryOut({ prepared, terminal, options, perform }: CarriedOut): Promise<RunOutcome> {
  loadAgents(prepared)
  // log lines would tear a picture
  const view = openRunView(prepared, options.verbose ? { ...terminal, live: false } : terminal)
  let calledOff = (): void => {}
  try {
    const outcome = await perform({
      verbose: options.verbose,
      begun(run: RunUnderWay, records) {
        calledOff = onInterrupts(run, view.tell)
        view.begun(run, records)
      },
      observe: view.observe,
      tell: view.tell,
    })
    view.end()
    for (const text of options.json ? asJson(outcome) : [asText(outcome)]) terminal.print(text)
    return outcome
  } finally {
    view.end()
    calledOff()
  }
}

/** In pieces of whole lines: as one text the proposal of a hundred thousand tasks takes as much memory as all of them did. */
const asJson = ({ run, exitCode, reason, files, proposal }: RunOutcome): Iterable<string> =>
  wholeLines(jsonPieces({ schema: 'troupe/run/1', run, exitCode, reason, files, proposal }))

function asText({ run, reason, files, proposal }: RunOutcome): string {
  const landed = proposal.tasks.filter(({ disposition }) => disposition.state === 'landed').length
  const conflicts = proposal.conflicts.map(({ message }) => `conflict: ${plainText(message)}`)
  const troubles = proposal.tasks.flatMap(({ task, disposition }) =>
    'reason' in disposition && disposition.state === 'failed'
      ? [`failed: ${task}: ${plainLines(disposition.reason)}`]
      : [],
  )
  return [
    ...conflicts,
    ...troubles,
    `${plainText(reason)}: ${landed} of ${count(proposal.tasks.length, 'task')} changed files that landed, ${count(proposal.findings.length, 'finding')}`,
    `proposal: ${proposal.commit.slice(0, 12)} at ${proposal.ref}`,
    `read it:  ${files.markdown}`,
    `look:     troupe show ${run}`,
    ...(landed > 0 ? [`take it:  troupe apply ${run}`] : []),
    ...(proposal.interrupted ? [`go on:    troupe resume ${run}`] : []),
  ].join('\n')
}

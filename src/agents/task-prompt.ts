import type { Assignment } from './agent.ts'

/** What the agent is asked: the task's own words, and what it must know of where it works. */
export function promptOf(assignment: Assignment, expects: 'changes' | 'answer'): string {
  const { verb, prompt, files, owns, continued, rebased } = assignment
  const about = files.length === 0 ? [] : [`Files: ${files.join(', ')}`]
  const asked = prompt ?? `Your task: ${verb} the files named.`
  return [
    [asked, ...about].join('\n\n'),
    [
      'You work unattended: nobody can answer a question. Work in the current folder only, and do not commit.',
      ...(owns === null ? [] : [`Write only these files: ${owns.join(', ')}.`]),
      ...(continued ? ['An earlier attempt has left its changes here, not committed: go on from them.'] : []),
      ...(rebased === null ? [] : [`What an earlier attempt had written stands in the commit ${rebased}.`]),
      expects === 'answer'
        ? 'Change no file; end with your answer.'
        : 'End with a summary in a few lines. If nothing needs to be changed, say: nothing to do.',
    ].join('\n'),
  ].join('\n\n')
}

/** What the agent is told when it stopped at a refusal, whose reason the protocol has no place for. */
export const goOn = (reasons: readonly string[]): string =>
  [
    'Not everything that you asked for was allowed:',
    ...reasons.map((reason) => `- ${reason}`),
    'Do not try that again. Go on with what else the task needs, and say at the end what could not be done.',
  ].join('\n')

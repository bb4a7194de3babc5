import type { BlamedCheck } from './proposal.ts'

/** Who breaks a check, in one sentence: `A + C break check "test"; A alone and C alone pass`. */
export function blameSentence({
  check,
  how,
  tasks,
  seen,
}: Pick<BlamedCheck, 'check' | 'how' | 'tasks' | 'seen'>): string {
  const name = `check "${check}"`
  switch (how) {
    case 'base':
      return `${name} fails on the base alone: nobody is blamed`
    case 'flaky':
      return `${name} passes and fails by chance: nobody is blamed`
    case 'unknown':
      return `${name} could not be run again${because(seen.at(-1)?.reason ?? null)}: nobody is blamed`
    case 'culprits': {
      if (tasks.length === 1) return `${tasks.join()} alone breaks ${name}`
      return `${tasks.join(' + ')} break ${name}; ${listed(tasks.map((task) => `${task} alone`))} pass`
    }
  }
}

const because = (reason: string | null): string => (reason === null ? '' : ` (${reason})`)

const listed = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`

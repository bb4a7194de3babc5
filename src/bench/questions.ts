import { integrationQuestion } from './integration/question.ts'
import { modesQuestion } from './modes/question.ts'
import { overheadQuestion } from './overhead/question.ts'
import { recoveryQuestion } from './recovery/question.ts'
import { speedUpQuestion } from './speed-up/question.ts'
import type { Question } from './suite/question.ts'
import { writesQuestion } from './writes/question.ts'

/** Every question of the suite, in the order in which they are asked. */
export const questions: readonly Question[] = [
  speedUpQuestion,
  modesQuestion,
  writesQuestion,
  overheadQuestion,
  integrationQuestion,
  recoveryQuestion,
]

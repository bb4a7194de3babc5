import type { Rule } from '../rule.ts'
import { callTo, firstArgument } from './match.ts'

/** JavaScript and TypeScript: code that does not mean what it says. */
export const correctness: readonly Rule[] = [
  {
    id: 'javascript/nan-comparison',
    severity: 'error',
    tags: ['correctness'],
    message: 'Use Number.isNaN: nothing equals NaN.',
    match: {
      kind: 'binary_expression',
      all: [{ has: { field: 'operator', regex: '^[!=]==?$' } }, { has: { regex: '^(Number\\.)?NaN$' } }],
    },
  },
  {
    id: 'javascript/empty-catch',
    severity: 'note',
    tags: ['correctness'],
    message: 'Handle the error, or say in a comment why it may be ignored.',
    match: { kind: 'catch_clause', has: { field: 'body', regex: '^\\{\\s*\\}$' } },
  },
  {
    id: 'javascript/async-for-each',
    severity: 'warning',
    tags: ['correctness'],
    message: 'Use for … of or await Promise.all: forEach waits for nothing and loses errors.',
    match: callTo('\\.forEach$', firstArgument({ regex: '^async\\b' })),
  },
]

import type { Rule } from '../rule.ts'

/** Python: code that does not mean what it says. */
export const correctness: readonly Rule[] = [
  {
    id: 'python/mutable-default',
    severity: 'warning',
    tags: ['correctness'],
    message: 'Take None as the default and make the value inside: this one is shared by all calls.',
    match: {
      any: [{ kind: 'default_parameter' }, { kind: 'typed_default_parameter' }],
      has: {
        field: 'value',
        any: [
          { kind: 'list' },
          { kind: 'dictionary' },
          { kind: 'set' },
          { kind: 'call', regex: '^(list|dict|set)\\(' },
        ],
      },
    },
  },
  {
    id: 'python/bare-except',
    severity: 'note',
    tags: ['correctness'],
    message: 'Name the exceptions that are expected: this also catches KeyboardInterrupt and SystemExit.',
    match: { kind: 'except_clause', regex: '^except\\s*:' },
  },
  {
    id: 'python/is-literal',
    severity: 'warning',
    tags: ['correctness'],
    message: 'Compare values with ==; is compares identity.',
    match: {
      kind: 'comparison_operator',
      all: [
        { has: { regex: '^is( not)?$' } },
        { has: { any: [{ kind: 'string' }, { kind: 'integer' }, { kind: 'float' }] } },
      ],
    },
  },
]

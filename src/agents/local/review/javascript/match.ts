import type { Rule } from '../rule.ts'
import { harmlessName, placeholder, secretName, secretValue, unguessable } from '../names.ts'

type Match = Rule['match']

/** A call of a function whose name, with its object, matches. */
export function callTo(name: string, ...conditions: readonly Match[]): Match {
  return { kind: 'call_expression', all: [{ has: { field: 'function', regex: name } }, ...conditions] }
}

/** A construction of a class whose name matches. */
export function newOf(name: string, ...conditions: readonly Match[]): Match {
  return { kind: 'new_expression', all: [{ has: { field: 'constructor', regex: name } }, ...conditions] }
}

/** A call whose first argument matches. */
export function firstArgument(match: Match): Match {
  return { has: { field: 'arguments', has: { nthChild: 1, ...match } } }
}

/** A property of an object literal with this key, in any case, and value. */
export function pair(key: string, value = '.'): Match {
  return {
    kind: 'pair',
    all: [{ has: { field: 'key', regex: `(?i)^${key}$` } }, { has: { field: 'value', regex: value } }],
  }
}

/** Text that is the same every time. */
export function constant(): Match {
  return {
    any: [
      { kind: 'string' },
      { kind: 'template_string', not: { has: { kind: 'template_substitution', stopBy: 'end' } } },
    ],
  }
}

/** Text put together from variables; names in capitals are constants and as good as literal. */
export function built(): Match {
  const variable: Match = { any: [{ kind: 'identifier', regex: '[a-z]' }, { kind: 'this' }] }
  return {
    any: [
      { kind: 'template_string', has: { kind: 'template_substitution', has: { ...variable, stopBy: 'end' } } },
      {
        kind: 'binary_expression',
        all: [
          { has: { field: 'operator', regex: '^\\+$' } },
          { has: { any: [{ kind: 'string' }, { kind: 'template_string' }], stopBy: 'end' } },
          { has: { ...variable, stopBy: 'end' } },
        ],
        not: { inside: { kind: 'binary_expression', stopBy: 'neighbor' } },
      },
    ],
  }
}

/** A call whose name says that it cleans the text. */
export function sanitised(): Match {
  return { regex: '(?i)^[\\w.]*(sanitize|sanitise|purify|escape)\\w*(\\.\\w+)?\\(' }
}

/** A literal that looks like a secret, given to a name that says so. */
export function namedSecret(name: string, value: string): Match {
  return {
    all: [
      { has: { field: name, regex: secretName, not: { regex: harmlessName } } },
      { has: { field: value, ...constant(), regex: secretValue, not: { any: placeholder } } },
    ],
  }
}

/** Somewhere inside a node with a name whose value must not be guessed. */
export function insideNamed(kind: string, name: string): Match {
  return { inside: { kind, has: { field: name, regex: unguessable }, stopBy: 'end' } }
}

/** Values that are in the text anyway: to compare with them hides nothing. */
export function literals(): Match[] {
  return ['string', 'template_string', 'null', 'undefined', 'number', 'true', 'false', 'unary_expression'].map(
    (kind) => ({ kind }),
  )
}

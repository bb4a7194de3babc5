import type { Rule } from '../rule.ts'
import { harmlessName, placeholder, secretName, secretValue } from '../names.ts'

type Match = Rule['match']

/** A call of a function whose name, with its object, matches. */
export function callTo(name: string, ...conditions: readonly Match[]): Match {
  return { kind: 'call', all: [{ has: { field: 'function', regex: name } }, ...conditions] }
}

/** A call whose first argument matches. */
export function firstArgument(match: Match): Match {
  return { has: { field: 'arguments', has: { nthChild: 1, ...match } } }
}

/** A call whose first argument is not the same every time. */
export function firstArgumentVaries(): Match {
  const isConstant = {
    any: [{ kind: 'string' }, { kind: 'concatenated_string' }],
    not: { has: { kind: 'interpolation', stopBy: 'end' as const } },
  }
  return firstArgument({ not: isConstant })
}

/** A keyword argument with this name and value. */
export function keyword(name: string, value: string): Match {
  return {
    kind: 'keyword_argument',
    all: [{ has: { field: 'name', regex: `^${name}$` } }, { has: { field: 'value', regex: value } }],
  }
}

/** A call with such a keyword argument. */
export function withKeyword(name: string, value: string): Match {
  return { has: { field: 'arguments', has: keyword(name, value) } }
}

/** A call without such a keyword argument. */
export function without(name: string, value: string): Match {
  return { not: withKeyword(name, value) }
}

/** Names in capitals are constants: text built from them only is as good as literal. */
function variable(): Match {
  return { kind: 'identifier', regex: '[a-z]' }
}

/** An f-string with a variable in it. */
export function builtByInterpolation(): Match {
  return { kind: 'string', has: { kind: 'interpolation', has: { ...variable(), stopBy: 'end' } } }
}

/** Text joined by + or filled by %, at its outermost. */
export function builtByOperator(): Match {
  return {
    kind: 'binary_operator',
    all: [
      { has: { field: 'operator', regex: '^[+%]$' } },
      { has: { any: [{ kind: 'string' }, { kind: 'concatenated_string' }], stopBy: 'end' } },
      { has: { ...variable(), stopBy: 'end' } },
    ],
    not: { inside: { kind: 'binary_operator', stopBy: 'neighbor' } },
  }
}

/** A literal filled by format(). */
export function builtByFormat(): Match {
  return {
    kind: 'call',
    all: [
      { has: { field: 'function', kind: 'attribute', regex: `(?s)["']\\)?\\.format$` } },
      { has: { field: 'arguments', has: { ...variable(), stopBy: 'end' } } },
    ],
  }
}

/** A literal that looks like a secret, given to a name that says so. */
export function namedSecret(kind: string, name: string, value: string): Match {
  return {
    kind,
    all: [
      { has: { field: name, regex: secretName, not: { regex: harmlessName } } },
      { has: { field: value, kind: 'string', regex: secretValue, not: { any: placeholder } } },
    ],
  }
}

/** Values that are in the text anyway: to compare with them hides nothing. */
export function literals(): Match[] {
  return ['string', 'none', 'true', 'false', 'integer'].map((kind) => ({ kind }))
}

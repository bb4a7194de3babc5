import type { Rule } from '../rule.ts'
import { askedTwice, comparedInSecret, unguessable } from '../names.ts'
import { callTo, firstArgument, without, namedSecret, literals } from './match.ts'

/** Python: secrets in the text, and cryptography that does not protect. */
export const cryptography: readonly Rule[] = [
  {
    id: 'python/hard-coded-secret',
    severity: 'error',
    tags: ['security', 'secrets'],
    message: 'Read the secret from the environment or a secret store, and replace this one: it is known now.',
    match: {
      any: [
        namedSecret('assignment', 'left', 'right'),
        namedSecret('keyword_argument', 'name', 'value'),
        namedSecret('default_parameter', 'name', 'value'),
        namedSecret('typed_default_parameter', 'name', 'value'),
        namedSecret('pair', 'key', 'value'),
      ],
    },
  },
  {
    id: 'python/weak-hash',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Use sha256 or better, or say usedforsecurity=False where the hash protects nothing.',
    match: {
      any: [
        callTo('^(hashlib\\.)?(md5|sha1)$', without('usedforsecurity', '^False$')),
        callTo(
          '^hashlib\\.new$',
          firstArgument({ regex: `(?i)^["'](md4|md5|sha1)["']$` }),
          without('usedforsecurity', '^False$'),
        ),
      ],
    },
  },
  {
    id: 'python/weak-cipher',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Use an authenticated cipher such as AES-GCM.',
    match: {
      any: [
        callTo('(^|\\.)(DES3?|ARC2|ARC4|Blowfish)\\.new$'),
        { kind: 'attribute', regex: '(^|\\.)(\\w+\\.MODE_ECB|modes\\.ECB)$' },
      ],
    },
  },
  {
    id: 'python/insecure-random',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Take what nobody may guess from the secrets module.',
    match: {
      ...callTo('^random\\.(random|randint|choice|choices|randrange|getrandbits|sample|uniform)$'),
      any: [
        { inside: { kind: 'assignment', has: { field: 'left', regex: unguessable }, stopBy: 'end' } },
        { inside: { kind: 'function_definition', has: { field: 'name', regex: unguessable }, stopBy: 'end' } },
        { inside: { kind: 'keyword_argument', has: { field: 'name', regex: unguessable }, stopBy: 'end' } },
      ],
    },
  },
  {
    id: 'python/timing-unsafe-comparison',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Compare secrets with hmac.compare_digest, which takes the same time for every difference.',
    match: {
      kind: 'comparison_operator',
      all: [
        { has: { regex: '^(==|!=)$' } },
        {
          has: {
            any: [{ kind: 'identifier' }, { kind: 'attribute' }, { kind: 'call' }, { kind: 'subscript' }],
            regex: comparedInSecret,
          },
        },
      ],
      not: { any: [{ has: { any: literals() } }, { regex: askedTwice }] },
    },
  },
]

import type { Rule } from '../rule.ts'
import { askedTwice, comparedInSecret } from '../names.ts'
import { callTo, firstArgument, namedSecret, insideNamed, literals } from './match.ts'

/** JavaScript and TypeScript: secrets in the text, and cryptography that does not protect. */
export const cryptography: readonly Rule[] = [
  {
    id: 'javascript/hard-coded-secret',
    severity: 'error',
    tags: ['security', 'secrets'],
    message: 'Read the secret from the environment or a secret store, and replace this one: it is known now.',
    match: {
      any: [
        namedSecret('name', 'value'),
        { kind: 'pair', ...namedSecret('key', 'value') },
        { kind: 'assignment_expression', ...namedSecret('left', 'right') },
        namedSecret('property', 'value'),
      ],
    },
  },
  {
    id: 'javascript/weak-hash',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Use sha256 or better.',
    match: {
      any: [
        callTo('(^|\\.)createHash$', firstArgument({ regex: `(?i)^["'\`](md4|md5|sha1|sha-1)["'\`]$` })),
        callTo('subtle\\.digest$', firstArgument({ regex: `(?i)^["'\`]sha-1["'\`]$` })),
      ],
    },
  },
  {
    id: 'javascript/weak-cipher',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Use an authenticated cipher such as aes-256-gcm.',
    match: callTo(
      '(^|\\.)create(Cipher|Decipher)(iv)?$',
      firstArgument({ regex: `(?i)^["'\`](des|rc2|rc4|bf|blowfish|.*-ecb)` }),
    ),
  },
  {
    id: 'javascript/insecure-random',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Take what nobody may guess from crypto.randomUUID, randomBytes or getRandomValues.',
    match: {
      ...callTo('^Math\\.random$'),
      any: [
        insideNamed('variable_declarator', 'name'),
        insideNamed('assignment_expression', 'left'),
        insideNamed('pair', 'key'),
        insideNamed('function_declaration', 'name'),
        insideNamed('method_definition', 'name'),
      ],
    },
  },
  {
    id: 'javascript/timing-unsafe-comparison',
    severity: 'warning',
    tags: ['security', 'cryptography'],
    message: 'Compare secrets with crypto.timingSafeEqual, which takes the same time for every difference.',
    match: {
      kind: 'binary_expression',
      all: [
        { has: { field: 'operator', regex: '^[!=]==?$' } },
        {
          has: {
            any: [
              { kind: 'identifier' },
              { kind: 'member_expression' },
              { kind: 'call_expression' },
              { kind: 'subscript_expression' },
            ],
            regex: comparedInSecret,
          },
        },
      ],
      not: { any: [{ has: { any: literals() } }, { regex: askedTwice }] },
    },
  },
]

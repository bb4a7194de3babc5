import type { Rule } from '../rule.ts'
import { callTo, pair } from './match.ts'

/** JavaScript and TypeScript: protection switched off, doors left open. */
export const configuration: readonly Rule[] = [
  {
    id: 'javascript/tls-verification-off',
    severity: 'error',
    tags: ['security', 'configuration'],
    message: 'Leave certificates checked; give the private authority as ca where there is one.',
    match: {
      any: [
        pair('rejectUnauthorized', '^false$'),
        { kind: 'assignment_expression', regex: `\\bNODE_TLS_REJECT_UNAUTHORIZED["'\\]]*\\s*=\\s*["'\`]?0` },
        { kind: 'assignment_expression', regex: '\\.rejectUnauthorized\\s*=\\s*false$' },
      ],
    },
  },
  {
    id: 'javascript/jwt-verification-off',
    severity: 'error',
    tags: ['security', 'configuration'],
    message: 'Verify the signature and the expiry of a token with a named algorithm before anything in it is believed.',
    match: {
      any: [
        pair('algorithms', `(?i)["']none["']`),
        pair('ignoreExpiration', '^true$'),
        callTo('(^|\\.)(jwt|jsonwebtoken)\\.verify$', {
          has: { field: 'arguments', has: { nthChild: 2, regex: `^(null|undefined|false|''|"")$` } },
        }),
      ],
    },
  },
  {
    id: 'javascript/insecure-cookie',
    severity: 'warning',
    tags: ['security', 'configuration'],
    message: 'Leave httpOnly on, so that scripts cannot read the cookie.',
    match: pair('httpOnly', '^false$'),
  },
  {
    id: 'javascript/bind-all-interfaces',
    severity: 'warning',
    tags: ['security', 'configuration'],
    message: 'Listen on 127.0.0.1 unless other machines are meant to connect.',
    match: {
      any: [
        pair('(host|hostname|address)', `^["'\`]0\\.0\\.0\\.0["'\`]$`),
        callTo('\\.listen$', {
          has: { field: 'arguments', has: { kind: 'string', regex: `^["']0\\.0\\.0\\.0["']$` } },
        }),
      ],
    },
  },
  {
    id: 'javascript/cors-any-origin',
    severity: 'warning',
    tags: ['security', 'configuration'],
    message: 'Name the origins that may call.',
    match: {
      any: [
        { ...pair('origin', `^["'\`]\\*["'\`]$`), inside: { ...callTo('(^|\\.)(cors|enableCors)$'), stopBy: 'end' } },
        pair(`["']access-control-allow-origin["']`, `^["'\`]\\*["'\`]$`),
        callTo('\\.(setHeader|header|set|append|writeHead)$', {
          has: { field: 'arguments', regex: `(?i)^\\(\\s*["']access-control-allow-origin["']\\s*,\\s*["']\\*["']` },
        }),
      ],
    },
  },
  {
    id: 'javascript/any-target-origin',
    severity: 'warning',
    tags: ['security', 'configuration'],
    message: 'Name the origin of the window that may read the message.',
    match: callTo('\\.postMessage$', { has: { field: 'arguments', has: { nthChild: 2, regex: `^["'\`]\\*["'\`]$` } } }),
  },
  {
    id: 'javascript/debug-mode',
    severity: 'note',
    tags: ['security', 'configuration', 'correctness'],
    message: 'Remove the debugger statement.',
    match: { kind: 'debugger_statement' },
  },
]

import type { Rule } from '../rule.ts'
import { callTo, keyword, withKeyword } from './match.ts'

/** Python: protection switched off, doors left open. */
export const configuration: readonly Rule[] = [
  {
    id: 'python/tls-verification-off',
    severity: 'error',
    tags: ['security', 'configuration'],
    message: 'Leave certificates checked; give the private authority as verify= or cafile= where there is one.',
    match: {
      any: [
        callTo(
          '(^|\\.)(get|post|put|patch|delete|head|options|request|stream|Session|Client|AsyncClient)$',
          withKeyword('verify', '^False$'),
        ),
        callTo('^ssl\\._create_unverified_context$'),
        {
          kind: 'attribute',
          regex: '^ssl\\.(CERT_NONE|_create_unverified_context)$',
          not: { inside: { kind: 'call', stopBy: 'neighbor' } },
        },
        {
          kind: 'assignment',
          all: [
            { has: { field: 'left', regex: '\\.(check_hostname|verify)$' } },
            { has: { field: 'right', kind: 'false' } },
          ],
        },
      ],
    },
  },
  {
    id: 'python/jwt-verification-off',
    severity: 'error',
    tags: ['security', 'configuration'],
    message: 'Verify the signature of a token with a named algorithm before anything in it is believed.',
    match: callTo('(^|\\.)jwt\\.decode$', {
      has: {
        field: 'arguments',
        regex: `(\\bverify\\s*=\\s*False|["']verify_signature["']\\s*:\\s*False|algorithms\\s*=\\s*\\[\\s*["']none["'])`,
      },
    }),
  },
  {
    id: 'python/debug-mode',
    severity: 'warning',
    tags: ['security', 'configuration'],
    message: 'Switch debug mode on from the environment only: it shows the code and can run it.',
    match: {
      any: [
        callTo('\\.run$', withKeyword('debug', '^True$')),
        {
          kind: 'assignment',
          all: [{ has: { field: 'left', regex: '^(DEBUG|app\\.debug)$' } }, { has: { field: 'right', kind: 'true' } }],
        },
      ],
    },
  },
  {
    id: 'python/bind-all-interfaces',
    severity: 'warning',
    tags: ['security', 'configuration'],
    message: 'Listen on 127.0.0.1 unless other machines are meant to connect.',
    match: {
      kind: 'string',
      regex: `^["']0\\.0\\.0\\.0["']$`,
      inside: {
        ...callTo(
          '(^|\\.)(bind|run|run_app|HTTPServer|ThreadingHTTPServer|TCPServer|create_server|start_server|listen|serve)$',
        ),
        stopBy: 'end',
      },
    },
  },
  {
    id: 'python/cors-any-origin',
    severity: 'warning',
    tags: ['security', 'configuration'],
    message: 'Name the origins that may call.',
    match: {
      any: [
        { ...keyword('(origins|allow_origins|allowed_origins)', `^\\[?\\s*["']\\*["']\\s*,?\\s*\\]?$`) },
        { kind: 'pair', regex: `(?i)^["']access-control-allow-origin["']\\s*:\\s*["']\\*["']$` },
        { kind: 'assignment', regex: `(?i)\\[["']access-control-allow-origin["']\\]\\s*=\\s*["']\\*["']$` },
        { kind: 'assignment', regex: '^(CORS_ALLOW_ALL_ORIGINS|CORS_ORIGIN_ALLOW_ALL)\\s*=\\s*True$' },
      ],
    },
  },
  {
    id: 'python/insecure-temp-file',
    severity: 'warning',
    tags: ['security'],
    message: 'Use tempfile.mkstemp or NamedTemporaryFile: between the name and the file another can step in.',
    match: callTo('^(tempfile\\.mktemp|os\\.(tempnam|tmpnam))$'),
  },
  {
    id: 'python/assert-for-security',
    severity: 'warning',
    tags: ['security'],
    message: 'Raise an error instead: python -O removes assert.',
    inTests: false,
    match: {
      kind: 'assert_statement',
      regex:
        '(?i)\\b(is_?admin|is_?authenticated|is_?staff|is_?superuser|has_?perm(ission)?s?|(is_?)?authori[sz]ed|check_?password|permissions?)\\b',
    },
  },
]

import type { Rule } from '../rule.ts'
import { sql, sqlInCapitals } from '../names.ts'
import { callTo, newOf, firstArgument, pair, constant, built, sanitised } from './match.ts'

const fromRequest = '\\b(req|request|ctx\\.request|ctx)\\.(query|params|body|headers|cookies|url|originalUrl)\\b'

/** JavaScript and TypeScript: what a stranger says becomes a command, a statement, a path or markup. */
export const injection: readonly Rule[] = [
  {
    id: 'javascript/command-injection',
    severity: 'error',
    tags: ['security', 'injection'],
    message:
      'Use execFile or spawn with a list of arguments and no shell, so that no part of a text can become a command.',
    match: {
      any: [
        callTo(
          '^((child_process|childProcess|cp)\\.)?(exec|execSync|execAsync|execPromise)$|^promisify\\(exec\\)$',
          firstArgument(built()),
        ),
        callTo('(^|\\.)(spawn|spawnSync|execFile|execFileSync|execa)$', firstArgument({ not: constant() }), {
          has: { field: 'arguments', has: { kind: 'object', has: pair('shell', '^true$') } },
        }),
      ],
    },
  },
  {
    id: 'javascript/sql-injection',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Hand values to the database as parameters of the statement instead of building its text from them.',
    match: {
      all: [
        built(),
        // a tagged template hands its values over apart from the text
        { not: { inside: { kind: 'call_expression', stopBy: 'neighbor' } } },
        {
          any: [
            { regex: sqlInCapitals },
            {
              all: [
                { regex: sql },
                {
                  inside: {
                    kind: 'arguments',
                    inside: callTo(
                      '\\.(query|execute|exec|raw|run|all|get|prepare|unsafe|\\$queryRawUnsafe|\\$executeRawUnsafe)$',
                    ),
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  },
  {
    id: 'javascript/eval',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Do not run text as code; use JSON.parse for data or a table of functions for choices.',
    match: {
      any: [
        callTo(
          '^((window|globalThis|self)\\.)?eval$|^vm\\.(runInThisContext|runInNewContext|runInContext)$',
          firstArgument({ not: constant() }),
        ),
        newOf('^Function$', { has: { field: 'arguments', has: { not: { any: [constant(), { regex: '^[(),]$' }] } } } }),
        callTo('^((window|globalThis)\\.)?(setTimeout|setInterval)$', firstArgument(built())),
      ],
    },
  },
  {
    id: 'javascript/unsafe-deserialisation',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Read data with JSON.parse and check its shape: this format can run code while it is read.',
    match: {
      any: [
        callTo('(^|\\.)unserialize$'),
        callTo('^(yaml|jsyaml)\\.unsafeLoad(All)?$'),
        callTo('^(require|import)$', firstArgument({ regex: `^["']node-serialize["']$` })),
      ],
    },
  },
  {
    id: 'javascript/path-traversal',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Reduce a path from a request to a checked file name before a file is opened by it.',
    match: callTo(
      '(^|\\.)(readFile|readFileSync|createReadStream|writeFile|writeFileSync|createWriteStream|appendFile|unlink|unlinkSync|rm|rmSync|sendFile|download)$|^(path\\.)?join$|^path\\.resolve$',
      {
        has: { field: 'arguments', regex: fromRequest },
        not: { has: { field: 'arguments', regex: '\\bbasename\\(' } },
      },
    ),
  },
  {
    id: 'javascript/xss',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Set textContent, or clean the markup first: text that becomes markup can run.',
    match: {
      any: [
        {
          kind: 'assignment_expression',
          all: [
            { has: { field: 'left', regex: '\\.(innerHTML|outerHTML)$' } },
            { has: { field: 'right', not: { any: [constant(), sanitised()] } } },
          ],
        },
        callTo('(^|\\.)document\\.(write|writeln)$', firstArgument({ not: { any: [constant(), sanitised()] } })),
        callTo('\\.insertAdjacentHTML$', {
          has: { field: 'arguments', has: { nthChild: 2, not: { any: [constant(), sanitised()] } } },
        }),
      ],
    },
  },
  {
    id: 'javascript/dangerous-html',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Render the value as text, or clean the markup before React is told to trust it.',
    grammars: ['javascript', 'tsx'],
    match: {
      kind: 'jsx_attribute',
      regex: '^dangerouslySetInnerHTML',
      has: { ...pair('__html'), has: { field: 'value', not: { any: [constant(), sanitised()] } }, stopBy: 'end' },
    },
  },
  {
    id: 'javascript/open-redirect',
    severity: 'warning',
    tags: ['security', 'injection'],
    message: 'Redirect to addresses from a list only: this one comes from the request.',
    match: callTo('\\.redirect$', { has: { field: 'arguments', has: { regex: `^${fromRequest}` } } }),
  },
  {
    id: 'javascript/regex-injection',
    severity: 'warning',
    tags: ['security', 'injection'],
    message: 'Escape the text with RegExp.escape before it becomes a pattern.',
    match: newOf('^RegExp$', { has: { field: 'arguments', regex: fromRequest, not: { regex: '(?i)escape' } } }),
  },
]

import type { Rule } from '../rule.ts'
import { sql, sqlInCapitals } from '../names.ts'
import {
  callTo,
  firstArgumentVaries,
  withKeyword,
  builtByInterpolation,
  builtByOperator,
  builtByFormat,
} from './match.ts'

/** Python: what a stranger says becomes a command, a statement, a path or markup. */
export const injection: readonly Rule[] = [
  {
    id: 'python/command-injection',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Pass the command as a list without a shell, so that no part of a text can become a command.',
    match: {
      any: [
        callTo(
          '^(os\\.(system|popen)|(subprocess|commands)\\.(getoutput|getstatusoutput)|asyncio\\.create_subprocess_shell)$',
          firstArgumentVaries(),
        ),
        callTo(
          '^(subprocess\\.)?(run|call|Popen|check_output|check_call)$',
          firstArgumentVaries(),
          withKeyword('shell', '^True$'),
        ),
      ],
    },
  },
  {
    id: 'python/sql-injection',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Hand values to the database as parameters of the statement instead of building its text from them.',
    match: {
      all: [
        { any: [builtByInterpolation(), builtByOperator(), builtByFormat()] },
        {
          any: [
            { regex: sqlInCapitals },
            {
              all: [
                { regex: sql },
                { inside: { kind: 'argument_list', inside: callTo('\\.(execute|executemany|executescript|raw)$') } },
              ],
            },
          ],
        },
      ],
    },
  },
  {
    id: 'python/eval',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Do not run text as code; use ast.literal_eval for data or a table of functions for choices.',
    match: callTo('^(builtins\\.)?(eval|exec)$', firstArgumentVaries()),
  },
  {
    id: 'python/unsafe-deserialisation',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Read data with json, or with yaml.safe_load: this format can run code while it is read.',
    match: {
      any: [
        callTo(
          '^((pickle|cPickle|_pickle|dill|cloudpickle|marshal)\\.(load|loads|Unpickler)|shelve\\.open|jsonpickle\\.decode|yaml\\.unsafe_load)$',
        ),
        callTo('^yaml\\.(load|load_all)$', { not: { has: { field: 'arguments', regex: 'SafeLoader' } } }),
      ],
    },
  },
  {
    id: 'python/path-traversal',
    severity: 'error',
    tags: ['security', 'injection'],
    message: 'Reduce a path from a request to a checked file name before a file is opened by it.',
    match: callTo(
      '^(open|io\\.open|send_file|FileResponse|Path|pathlib\\.Path|os\\.path\\.join|os\\.(remove|unlink|open)|shutil\\.\\w+)$',
      {
        has: {
          field: 'arguments',
          regex:
            '\\brequest\\.(args|form|values|files|json|GET|POST|query_params|path_params|cookies|headers|get_json)\\b',
        },
        not: { has: { field: 'arguments', regex: '(secure_filename|basename)\\(' } },
      },
    ),
  },
  {
    id: 'python/xss',
    severity: 'warning',
    tags: ['security', 'injection'],
    message: 'Let the template escape the value instead of declaring built text safe.',
    match: {
      any: [
        callTo('(^|\\.)(mark_safe|Markup|render_template_string)$', firstArgumentVaries()),
        callTo('(^|\\.)Environment$', withKeyword('autoescape', '^False$')),
      ],
    },
  },
]

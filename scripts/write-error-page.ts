import { writeFileSync } from 'node:fs'
import { catalogue } from '../src/errors.ts'

/** Writes docs/errors.md from the catalogue in src/errors.ts; a test holds the two equal. */
const rows = Object.entries(catalogue).map(([code, { exit, fix }]) => `| \`${code}\` | ${exit} | ${fix} |`)
writeFileSync(
  'docs/errors.md',
  `# Errors

Every failure is one message: what happened, then the code and what to do. \`--json\` prints
\`{"schema":"troupe/error/1","code":…,"message":…,"fix":…}\` instead; \`--verbose\` adds the stack trace.
Made by \`node scripts/write-error-page.ts\` from \`src/errors.ts\`.

| code | exit status | what to do |
|---|---|---|
${rows.join('\n')}

## Exit statuses

| status | meaning |
|---|---|
| 0 | every task landed (or had nothing to change) and every check passed, or no task had anything to change (then no check is run) |
| 1 | tasks failed, conflicts are left, or a check failed or could not run |
| 2 | bad input: nothing was started |
| 3 | Troupe itself failed |
| 69 | Node.js is too old |
| 130 | interrupted |
`,
)

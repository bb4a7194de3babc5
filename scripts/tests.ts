import { globSync } from 'node:fs'
import t from 'tap'

/*
 * Test files as parts of one TAP, each run by Node alone: what tap puts into every process that it starts costs a second in each, and
 * users have none of it.
 */
const minutes = 60_000
const asked = process.argv.slice(2)
t.jobs = 3
t.setTimeout(0) // each file has its own limit
for (const file of asked.length > 0 ? asked : globSync('test/**/*.test.ts').toSorted()) {
  const env = { ...process.env, TAP_TIMEOUT: '1500' }
  // tap puts its hooks in just before it starts a program
  void t.spawn(
    'env',
    ['-u', 'NODE_OPTIONS', process.execPath, file],
    { buffered: true, timeout: 25 * minutes, env },
    file,
  )
}

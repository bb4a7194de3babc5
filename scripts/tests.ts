import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

/*
 * Test files as parts of one TAP, each run by Node alone: what tap puts into every process that it starts costs a second in each, and
 * users have none of it.
 */
const { include, jobs, timeout } = parse(readFileSync('.taprc', 'utf8'))
const asked = process.argv.slice(2)
t.jobs = jobs
t.setTimeout(0) // each file has its own limit
for (const file of asked.length > 0 ? asked : globSync(include).toSorted()) {
  const env = { ...process.env, TAP_TIMEOUT: String(timeout) }
  // tap puts its hooks in just before it starts a program
  void t.spawn(
    'env',
    ['-u', 'NODE_OPTIONS', process.execPath, file],
    { buffered: true, timeout: timeout * 1_000, env },
    file,
  )
}

import { enableCompileCache } from 'node:module'
import { carryOut } from '../../src/cli/carry-out.ts'
import type { RunWatch } from '../../src/cli/conduct-run.ts'
import { findRun } from '../../src/cli/find-run.ts'
import { performRun } from '../../src/cli/perform-run.ts'
import { prepareAgain } from '../../src/cli/prepare-again.ts'
import { prepare } from '../../src/cli/prepare.ts'
import { reportFailure } from '../../src/cli/report-failure.ts'
import { resumeRun } from '../../src/cli/resume-run.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import type { ModeChoice } from '../../src/plan/task.ts'
import { type Fault, ports as portsOf } from './fault.ts'

/** `troupe --json run` or `resume` with a fault in it: `<fault as JSON> <file for a note> run <manifest> <mode>`, `... resume <run>`. */
enableCompileCache()
const [fault = '', noteTo = '', command, what = '', mode] = process.argv.slice(2)
const terminal = processTerminal(process.cwd())
const options = { json: true, verbose: false }
const ports = portsOf(JSON.parse(fault) as Fault, noteTo)

async function run(): Promise<number> {
  const prepared = await prepare(what, terminal, { ...options, mode: mode as ModeChoice })
  return await ending(prepared, (watch) => performRun(prepared, watch, ports))
}

async function resume(): Promise<number> {
  const found = await findRun(terminal.directory, what)
  const prepared = await prepareAgain(found)
  return await ending(prepared, (watch) => resumeRun({ run: found, prepared }, watch, ports))
}

type Perform = (watch: RunWatch) => ReturnType<typeof performRun>

async function ending(prepared: Awaited<ReturnType<typeof prepare>>, perform: Perform): Promise<number> {
  return (await carryOut({ prepared, terminal, options, perform })).exitCode
}

process.exitCode = await (command === 'run' ? run() : resume()).catch((error: unknown) =>
  reportFailure(error, terminal, options),
)

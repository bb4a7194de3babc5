/**
 * Real coding agents, each by its real program, against models on this machine: started by scripts/test-real.ts, which installs them and
 * gives this an empty home and, where it can, no other network.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { begin, git, type PrintedRun, root, troupe } from '../acceptance/troupe.ts'
import { until } from '../until.ts'
import { programOf, type RealAgent, realAgents } from './agents.ts'
import { endless, serveModels } from './model-server.ts'
import { allPrograms, programsOf } from './programs.ts'

const real = join(root, '.real')
const asked = process.argv.slice(2)
const agents = realAgents.filter(({ name }) => asked.includes(name))
const work = join(real, 'work')

const scenes = ['writes', 'limited', 'refused'] as const

void t.test('real agents', async (t) => {
  const server = await serveModels(agents)
  t.teardown(() => server.stop())
  rmSync(work, { recursive: true, force: true })
  for (const agent of agents)
    for (const [name, text] of Object.entries(agent.home(server.url)))
      write(join(process.env['HOME'] ?? '', name), text)
  const names = agents.map(({ name }) => name).join(', ')

  await t.test(
    `${names}: each edits a file and runs a command; a refusal has its class, a passing one parks it`,
    async (t) => {
      const directory = repository('writes')
      const strays = agents.filter(({ asksFirst }) => asksFirst)
      const tasks = [
        ...agents.flatMap(({ name }) => scenes.map((scene) => taskOf(name, scene))),
        ...strays.map(({ name }) => taskOf(name, 'strays')),
      ]
      const { stdout, stderr } = await troupe(directory, '--json', 'run', manifest(directory, tasks, server.url))
      const { run, exitCode } = JSON.parse(stdout) as PrintedRun
      t.equal(exitCode, 1, stderr)
      for (const { name, tellsAll, tellsCost } of agents) {
        for (const scene of ['writes', 'limited'] as const) {
          t.match(resultOf(directory, run, `${name}-${scene}`), {
            state: 'succeeded',
            attempts: scene === 'limited' ? 2 : 1,
            details: {
              proof: { clean: true, lastToolFailed: false, changed: 'yes' },
              ...(tellsAll && {
                touched: [`${name}-${scene}.txt`],
                usage: { inputTokens: 300, outputTokens: 60, costUsd: tellsCost ? Number : null },
              }),
            },
          })
          t.equal(git(directory, 'show', `refs/troupe/${run}/proposal:${name}-${scene}.txt`), 'written\nrun\n')
        }
        const refused = { state: 'failed', attempts: 1, reason: /does not accept the key|asks to log in/ }
        t.match(resultOf(directory, run, `${name}-refused`), refused)
      }
      for (const { name } of strays)
        t.match(resultOf(directory, run, `${name}-strays`), {
          state: 'succeeded',
          details: { denied: [/not-mine\.txt/] },
          changeSet: { files: [`${name}-strays.txt`] },
        })
      t.same([homes(), programs()], [[], []], 'no home is left, and no program')
    },
  )

  if (agents.length >= 4)
    await t.test(`${names}: three tasks of each at once come to one proposal`, async (t) => {
      const directory = repository('twelve')
      const tasks = agents.flatMap(({ name }) => [1, 2, 3].map((number) => taskOf(name, `writes ${number}`)))
      const { stdout, stderr } = await troupe(directory, '--json', 'run', manifest(directory, tasks, server.url))
      const { run, exitCode } = JSON.parse(stdout) as PrintedRun
      t.equal(exitCode, 0, stderr)
      const files = git(directory, 'ls-tree', '--name-only', `refs/troupe/${run}/proposal`).trim().split('\n')
      t.same(files, ['README.md', ...tasks.map(({ id }) => `${id}.txt`)].toSorted())
    })

  await t.test(
    `${names}: killed in the middle of a command nothing runs on, and the run is gone on with`,
    async (t) => {
      const directory = repository('hangs')
      const tasks = agents.map(({ name }) => taskOf(name, 'hangs'))
      const all = ['--concurrency', `${agents.length}`] // or the last would wait for one that hangs
      const running = begin(directory, '--json', 'run', ...all, manifest(directory, tasks, server.url))
      await running.until(() => agents.every(({ name }) => commandsOf(name).length > 0))
      running.child.kill('SIGKILL')
      await running.ended
      await until(() => agents.every(({ name }) => commandsOf(name).length === 0))
      server.letGo()
      const { stdout, stderr } = await troupe(directory, '--json', 'resume')
      const { run, exitCode } = JSON.parse(stdout) as PrintedRun
      t.equal(exitCode, 0, stderr)
      for (const { name } of agents)
        t.equal(git(directory, 'show', `refs/troupe/${run}/proposal:${name}-hangs.txt`), 'written\nrun\n')
      t.same([homes(), programs()], [[], []], 'no home is left, and no program')
    },
  )
})

function taskOf(agent: string, scene: string) {
  const id = `${agent}-${scene.replace(' ', '-')}`
  return {
    id,
    agent,
    prompt: `Write the file, and run the command. [${agent} ${scene}]`,
    owns: [`${id}.txt`],
    timeout: '5m',
  }
}

function manifest(directory: string, tasks: readonly object[], url: string): string {
  const path = `${directory}.json`
  const declared = agents.map(
    (agent) => [agent.name, { ...agent.agent(url), argv: [program(agent), ...(agent.words ?? [])] }] as const,
  )
  writeFileSync(path, JSON.stringify({ version: 1, agents: Object.fromEntries(declared), tasks }))
  return path
}

function program(agent: RealAgent): string {
  const found = programOf(agent, real)
  if (found === null) throw new Error(`${agent.name} is not installed in ${real}`)
  return found
}

function repository(name: string): string {
  const directory = join(work, name)
  write(join(directory, 'README.md'), 'a repository\n')
  git(directory, 'init', '--quiet', '--initial-branch', 'main')
  git(directory, 'add', '--all')
  git(directory, 'commit', '--quiet', '--message', 'base')
  return directory
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const resultOf = (directory: string, run: string, task: string): unknown =>
  JSON.parse(readFileSync(join(directory, '.agents/runs', run, `${agentOf(task)}_${task}_result.json`), 'utf8'))

/** A task is named for its agent and its scene. */
const agentOf = (task: string): string => task.slice(0, task.lastIndexOf('-'))

const homes = (): readonly string[] => readdirSync(join(process.env['XDG_STATE_HOME'] ?? '', 'troupe/homes'))

/** An agent's commands that never end. */
const commandsOf = (agent: string): readonly unknown[] =>
  allPrograms().filter(({ line }) => line.includes(endless(agent)))

/** Agents that run. */
const programs = (): readonly unknown[] => agents.flatMap(programsOf)

import { client } from '@agentclientprotocol/sdk'
import { systemClock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import { directLauncher } from '../../processes/direct-launcher.ts'
import type { Fitness } from '../agent.ts'
import { unattended } from '../../processes/unattended.ts'
import { inheritedFrom } from '../command/environment.ts'
import { nameOf } from '../command/failure.ts'
import { fitnessOf } from '../fitness.ts'
import { openHome } from '../own-home.ts'
import { AgentProgram } from './agent-program.ts'
import { foreignVersion, initialize } from './conversation.ts'
import type { AcpOptions } from './options.ts'
import { presets } from './presets.ts'
import { Silent, within } from './within.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Probed = Pick<AcpOptions, 'preset' | 'argv' | 'env' | 'inheritEnv' | 'startSeconds' | 'sandbox'>

/** Once it has answered it is not wanted any more. */
const graceMs = 2_000
const versionLimit = 60

/**
 * Asks a program what it is by the protocol's own first question, once for each build of it: in an empty home, without a credential,
 * and no session is begun. One that is to be confined is not started for that: it is enough that it is there.
 */
export function probe(options: Probed, environment: Environment): Promise<Fitness> {
  const argv = options.argv ?? (options.preset === undefined ? [] : presets[options.preset].argv)
  const isConfined = (options.sandbox ?? 'none') !== 'none'
  return fitnessOf({ argv, env: options.env, about: ['acp', isConfined] }, environment, async (asked) =>
    isConfined ? { how: 'fit', version: argv[0] ?? '' } : await ask(asked, options, environment),
  )
}

async function ask(argv: readonly string[], options: Probed, environment: Environment): Promise<Fitness> {
  const preset = options.preset === undefined ? null : presets[options.preset]
  const home = await openHome({ files: preset?.files ?? {}, credentials: [] }, environment)
  const inherited = inheritedFrom(environment, options.inheritEnv)
  const env = { ...inherited, ...unattended, ...preset?.env(home.path), ...home.env, ...options.env }
  const program = { argv, shell: false, directory: home.path, env }
  const context = { output: () => {}, started: () => {}, graceMs }
  const running = new AgentProgram(program, { clock: systemClock, launcher: directLauncher(systemClock), context })
  const connection = client({ name: 'troupe' })
    .onNotification('*', () => {})
    .connect(running.pipe.stream)
  const due = systemClock.monotonic() + options.startSeconds * 1_000
  const name = nameOf(program)
  try {
    const answer = initialize(connection.agent, true)
    const { agentInfo, protocolVersion } = await within(answer, { clock: systemClock, due: () => due })
    const foreign = foreignVersion(protocolVersion)
    if (foreign !== null) return { how: 'unfit', version: name, why: foreign }
    const version = agentInfo === null || agentInfo === undefined ? name : `${agentInfo.name} ${agentInfo.version}`
    return { how: 'fit', version: version.slice(0, versionLimit) }
  } catch (error) {
    return { how: 'unfit', version: name, why: whyOf(error, options, running) }
  } finally {
    await running.leave()
    connection.close()
    await home.remove()
  }
}

function whyOf(error: unknown, { startSeconds }: Probed, { errors }: AgentProgram): string {
  if (error instanceof Silent) return `did not say what it is within ${startSeconds} s`
  const said = errors.tellingLine(200) ?? messageOf(error)
  return `does not answer by the Agent Client Protocol: ${said}`
}

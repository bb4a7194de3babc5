import { didYouMean } from './closest.ts'
import { isRecord, isText, looseAgents, type LooseAgent, stringsOf } from './loose.ts'
import { argvOf } from './resolve-task.ts'
import type { Checked } from './shape-mistakes.ts'
import type { Mistake } from './task.ts'
import { templateMistakes } from './template.ts'

/** Every mistake about the agent that is to be asked about conflicts. */
export function resolverChecks({ document, places, kinds }: Checked): readonly Mistake[] {
  const merge = isRecord(document) ? document['merge'] : null
  const written = isRecord(merge) ? merge['resolver'] : null
  if (!isRecord(written) || !isText(written['agent'])) return []
  const name = written['agent']
  const agents = new Map<string, LooseAgent>([
    ...[...kinds.keys()].map((kind) => [kind, { kind, options: {} }] as const),
    ...looseAgents(document),
  ])
  const agent = agents.get(name)
  const at = ['merge', 'resolver', 'agent']
  if (agent === undefined) return [places.atValue(at, `no agent is called ${name}${didYouMean(name, agents.keys())}`)]
  return [...fitMistakes(written, agent, kinds), ...templates(written, agent)].map((message) =>
    places.atValue(at, message),
  )
}

function fitMistakes(
  written: Readonly<Record<string, unknown>>,
  { kind: name, options }: LooseAgent,
  kinds: Checked['kinds'],
): readonly string[] {
  const kind = name === null ? undefined : kinds.get(name)
  if (kind === undefined || !kind.options.safeParse(options).success) return []
  const prompt = isText(written['prompt']) ? written['prompt'] : null
  return kind.mistakes({ verb: 'resolve', prompt, command: argvOf(written['command'], options), files: ['-'], options })
}

/** Nothing is needed here whose summary could be quoted. */
function templates(written: Readonly<Record<string, unknown>>, { options }: LooseAgent): readonly string[] {
  const { command, prompt } = written
  const own = typeof command === 'string' ? [command] : stringsOf(command)
  const words = command === undefined ? stringsOf(options['argv']) : own
  return [
    ...words.flatMap((word) => templateMistakes(word, { needs: [], withPrompt: true })),
    ...(isText(prompt) ? templateMistakes(prompt, { needs: [], withPrompt: false }) : []),
  ]
}

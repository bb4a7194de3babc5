import { reportFailure } from '../../src/cli/report-failure.ts'
import type { CommonOptions, Terminal } from '../../src/cli/terminal.ts'

/** What a command printed and how it ended. */
export interface Answer {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** A command as main binds it. */
export type CommandAction<Options> = (
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: Options },
) => Promise<number>

/** What a test may want otherwise. */
export interface Setting {
  readonly directory: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly answersSeen?: boolean
  readonly write?: (text: string) => void
}

/** Carries a command out as main does, failures included. */
export async function invoke<Options extends CommonOptions>(
  action: CommandAction<Options>,
  setting: Setting,
  { given = [], ...options }: Partial<Options> & { readonly given?: readonly string[] },
): Promise<Answer> {
  const said = { out: '', err: '' }
  const { directory, environment = {}, answersSeen = false } = setting
  const tell = (text: string): void => void (said.err += `${text}\n`)
  const write = setting.write ?? ((text: string): void => void (said.err += text))
  const terminal: Terminal = {
    directory,
    environment,
    answersSeen,
    readerGone: new AbortController().signal,
    live: false,
    screen: { write, columns: 80, rows: 24 },
    print: (text) => void (said.out += `${text}\n`),
    tell,
  }
  const all = { ...unasked, ...options } as unknown as Options
  try {
    return { status: await action(terminal, { arguments: given, options: all }), ...said }
  } catch (error) {
    return { status: reportFailure(error, terminal, all), ...said }
  }
}

/** As commander gives it: a flag that was not said is false. */
const unasked = {
  json: false,
  verbose: false,
  watch: false,
  all: false,
  conflicts: false,
  findings: false,
  log: false,
  diff: false,
  force: false,
}

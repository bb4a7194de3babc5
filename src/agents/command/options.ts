import * as z from 'zod'
import { sandboxOptions } from '../sandbox/options.ts'

/** What a manifest may say about a command agent. */
export const commandOptions = z.strictObject({
  argv: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'Program and arguments for tasks without a command of their own.' }),
  shell: z.boolean().default(false).meta({
    description:
      'Join the arguments with spaces and run them with the shell (sh -c). The text of a prompt is then read by the shell too.',
  }),
  isolate: z.boolean().default(false).meta({
    description:
      'Give each program a pid namespace of its own (bwrap or unshare, Linux): nothing that it starts can outlive it. Refused where that does not work.',
  }),
  ...sandboxOptions,
  pty: z
    .union([
      z.boolean(),
      z.strictObject({
        columns: z.int().min(1).max(1_000).default(120).meta({ description: 'Characters in a line.' }),
        rows: z.int().min(1).max(1_000).default(40).meta({ description: 'Lines.' }),
      }),
    ])
    .default(false)
    .meta({
      description:
        'Start each program in a terminal of its own, 120 by 40 or of the size given, for those that insist on one. What only a terminal understands is left out of the log.',
    }),
  answers: z
    .array(
      z.strictObject({
        when: z.string().min(1).max(1_000).meta({
          description:
            'A regular expression, whatever the case, for the end of what the program has said since the last answer.',
        }),
        say: z.string().max(1_000).meta({ description: 'What is typed.' }),
        enter: z.boolean().default(true).meta({ description: 'Whether Enter is pressed after it.' }),
      }),
    )
    .max(100)
    .default([])
    .meta({
      description: 'With pty: what is typed where a program asks something; a few known prompts are answered without.',
    }),
  successExitCodes: z
    .array(z.int().min(0).max(255))
    .min(1)
    .default([0])
    .meta({ description: 'Exit codes that count as success.' }),
  inheritEnv: z
    .union([z.literal('all'), z.array(z.string().min(1))])
    .optional()
    .meta({
      description:
        'Names of environment variables handed on to the program (a closing * stands for any ending), or all. Left out: a short list without secrets.',
    }),
  env: z
    .record(z.string().regex(/^[^=\0]+$/), z.string())
    .default({})
    .meta({ description: 'Environment variables of the program; those of the task win.' }),
})

export type CommandOptions = z.infer<typeof commandOptions>

/** What is wrong with the answers that a program is to get. */
export function answerMistakes(options: Readonly<Record<string, unknown>>): readonly string[] {
  const { pty, answers } = commandOptions.parse(options)
  const bad = answers.flatMap(({ when }) => (isPattern(when) ? [] : [`answers: ${when} is no regular expression`]))
  return answers.length > 0 && pty === false
    ? [...bad, 'answers are for an agent with pty: any other has no input']
    : bad
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'i').source !== ''
  } catch {
    return false
  }
}

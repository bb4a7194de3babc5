import * as z from 'zod'
import type { Question, Speech, Topic } from './preset.ts'

const control = z.object({
  type: z.literal('control_request'),
  request_id: z.string(),
  request: z.object({ subtype: z.string() }).loose(),
})

const wish = z.object({
  subtype: z.literal('can_use_tool'),
  tool_name: z.string(),
  input: z.record(z.string(), z.unknown()),
})

/** Claude asks over its standard streams before it uses a tool that no rule allows. */
export const claudeSpeech = ({ prompt }: Pick<Topic, 'prompt'>): Speech => ({
  opening: line({ type: 'user', message: { role: 'user', content: prompt } }),
  read(event) {
    const read = control.safeParse(event)
    if (!read.success) return null
    const { request_id: id, request } = read.data
    const wanted = wish.safeParse(request)
    return wanted.success ? questionOf(id, wanted.data) : unknown(id, request.subtype)
  },
})

/** The tools for edits, and the part of their input that says which file. */
const editing: ReadonlyMap<string, string> = new Map([
  ['Edit', 'file_path'],
  ['MultiEdit', 'file_path'],
  ['Write', 'file_path'],
  ['NotebookEdit', 'notebook_path'],
])

function questionOf(id: string, { tool_name: tool, input }: z.infer<typeof wish>): Question {
  const path = input[editing.get(tool) ?? '']
  const writes = typeof path === 'string' ? [path] : []
  return {
    what: [tool, ...writes].join(' '),
    writes,
    answer: (refusal) =>
      answer(
        id,
        refusal === null ? { behavior: 'allow', updatedInput: input } : { behavior: 'deny', message: refusal },
      ),
  }
}

const answer = (id: string, response: object): string =>
  line({ type: 'control_response', response: { subtype: 'success', request_id: id, response } })

/** Whatever a newer one asks gets an answer: it would wait for it. */
const unknown = (id: string, subtype: string): Question => ({
  what: subtype,
  writes: [],
  answer: () =>
    line({
      type: 'control_response',
      response: { subtype: 'error', request_id: id, error: `${subtype} is not known here` },
    }),
})

const line = (message: object): string => `${JSON.stringify(message)}\n`

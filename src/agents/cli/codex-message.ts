import * as z from 'zod'

/** What names a request, for the answer to it. */
export type MessageId = string | number

/** Any message of `codex app-server`: a request has an id and a method, an answer an id only, a notification a method only. */
export const message = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
})

/** A message as it is written. */
export const line = (given: object): string => `${JSON.stringify(given)}\n`

/** A request as it is written. */
export const request = (id: MessageId, method: string, params: object): string => line({ id, method, params })

/** What the user says, as the protocol has it. */
export const saying = (text: string): readonly object[] => [{ type: 'text', text, text_elements: [] }]

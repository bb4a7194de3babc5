import * as z from 'zod'
import type { Desk } from './desk.ts'

/** What a tool tells the model. */
export interface ToolAnswer {
  readonly text: string
  /** Whether it could not do what it was asked. */
  readonly isError: boolean
}

/** Something that a model can do. */
export interface Tool {
  readonly name: string
  readonly description: string
  readonly input: z.ZodObject
  /** Whether it changes something, or shows how things stand: one that fails at the end is a failed end. */
  readonly acts: boolean
  /** One short line for people about a call. */
  line(input: unknown): string
  use(input: unknown, desk: Desk): Promise<ToolAnswer>
}

interface Definition<Input extends z.ZodObject> extends Pick<Tool, 'name' | 'description' | 'acts'> {
  readonly input: Input
  line(input: z.infer<Input>): string
  use(input: z.infer<Input>, desk: Desk): Promise<ToolAnswer> | ToolAnswer
}

/** A tool whose input is checked before it is used. */
export function defineTool<Input extends z.ZodObject>(definition: Definition<Input>): Tool {
  const { name, input } = definition
  return {
    ...definition,
    line: (given) => {
      const read = input.safeParse(given)
      return (read.success ? definition.line(read.data) : name).replace(/\s+/g, ' ').slice(0, 120)
    },
    async use(given, desk) {
      const read = input.safeParse(given)
      return read.success ? definition.use(read.data, desk) : refused(`wrong input: ${z.prettifyError(read.error)}`)
    },
  }
}

export const done = (text: string): ToolAnswer => ({ text, isError: false })
export const refused = (text: string): ToolAnswer => ({ text, isError: true })

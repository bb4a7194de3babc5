import type { ProgramExit, ProgramOrder } from './launcher.ts'

/** A program that ends by itself, as git does. */
export interface Tool extends Omit<ProgramOrder, 'verbatim' | 'input'> {
  /** Standard input; closed at once when there is none. */
  readonly input?: Uint8Array
}

/** How a tool ended, and all that it said. */
export interface ToolEnd {
  readonly exit: ProgramExit
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs a tool to its end; never rejects. */
export type RunTool = (tool: Tool) => Promise<ToolEnd>

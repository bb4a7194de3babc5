import type { Asked, ModelQuestion } from '../agents/model/question.ts'

/** What the actor that asks models for others may be asked. */
export interface ModelsApi {
  /**
   * Asks once; whoever has it asked has a place of the provider's budget. Rejects when it is given up, and for bugs.
   * @param id tells questions apart that are under way
   */
  ask(id: number, question: ModelQuestion): Promise<Asked>
  /** Nobody waits for the answer any more. */
  giveUp(id: number): void
}

/** What it tells meanwhile of the question `id`. */
export type ModelsEvent =
  /** The provider has let the call in. */
  | { readonly type: 'accepted'; readonly id: number }
  /** A long answer still comes; `line` is for people. */
  | { readonly type: 'sign'; readonly id: number; readonly line: string }

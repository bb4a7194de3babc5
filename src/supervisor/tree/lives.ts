import type { Exit } from '../../actors/contract.ts'
import type { Child } from './child-spec.ts'

/** The children that live, by incarnation, and who wants to know of their end. */
export class Lives {
  readonly #lives = new Map<number, { readonly child: Child; readonly listeners: Set<(exit: Exit) => void> }>()

  /** Takes note of a child that has started. */
  add(incarnation: number, child: Child): void {
    this.#lives.set(incarnation, { child, listeners: new Set() })
  }

  /** The living child, or null. */
  get(incarnation: number): Child | null {
    return this.#lives.get(incarnation)?.child ?? null
  }

  /** Forgets a child that has ended; returns who must be told. */
  end(incarnation: number): readonly ((exit: Exit) => void)[] {
    const listeners = this.#lives.get(incarnation)?.listeners ?? []
    this.#lives.delete(incarnation)
    return [...listeners]
  }

  /** Has `listener` told of the child's end; returns how to call it off, or null when the child does not live. */
  watch(incarnation: number, listener: (exit: Exit) => void): (() => void) | null {
    const listeners = this.#lives.get(incarnation)?.listeners
    if (listeners === undefined) return null
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }
}

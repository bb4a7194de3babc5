/** A parameter of a function. */
export interface Parameter {
  readonly name: string
  readonly type: string | null
  readonly defaultValue: string | null
  readonly meaning: string | null
}

/** Something a module offers to others. */
export interface PublicSymbol {
  readonly kind: 'function' | 'class' | 'constant' | 'type'
  /** The name by which it is imported; `default` and `module.exports` stand for themselves. */
  readonly name: string
  /** The declaration on one line, without what it does. */
  readonly signature: string
  /** Null for what is not called. */
  readonly parameters: readonly Parameter[] | null
  readonly returns: { readonly type: string | null; readonly meaning: string | null } | null
  readonly doc: string | null
  /** From 1. */
  readonly line: number
  /** Public methods of a class. */
  readonly members: readonly PublicSymbol[]
}

/** A module as others see it, in the order of its text. */
export interface PublicModule {
  readonly doc: string | null
  /** Whether it is an ES module, a CommonJS one, or Python. */
  readonly system: 'esm' | 'commonjs' | 'python'
  readonly symbols: readonly PublicSymbol[]
}

/** One symbol for each name: of several the last, which is the implementation after its overloads. */
export function lastOfEachName(symbols: readonly PublicSymbol[]): readonly PublicSymbol[] {
  return [...new Map(symbols.map((symbol) => [symbol.name, symbol])).values()].toSorted(
    (left, right) => left.line - right.line,
  )
}

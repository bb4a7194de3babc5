/** By their code units, as most tools sort the lines and names of sources. */
export const byCode = (one: string, other: string): number => Number(one > other) - Number(one < other)

/** Whether texts are in that order; equal ones may follow each other. */
export const areInOrder = (texts: readonly string[]): boolean =>
  texts.every((text, at) => at === 0 || (texts[at - 1] ?? '') <= text)

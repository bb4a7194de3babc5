/** The lines of a text, each with what ends it; the last may end in nothing. */
export const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

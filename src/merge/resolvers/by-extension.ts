/** The ending of a file's name, in small letters; empty where it has none, or one of other signs than those of a word. */
export const extensionOf = (path: string): string => /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''

/** What is said of several endings at once (`c h cc`), by each of them. */
export const byExtension = <What>(said: readonly (readonly [string, What])[]): ReadonlyMap<string, What> =>
  new Map(said.flatMap(([extensions, what]) => extensions.split(' ').map((one) => [one, what] as const)))

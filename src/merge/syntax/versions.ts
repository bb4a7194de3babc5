/** The names of the versions. */
const names = ['base', 'ours', 'theirs'] as const

/** The name of a version. */
export type VersionName = (typeof names)[number]

/** Something in each of three versions. */
export type InVersions<T> = Readonly<Record<VersionName, T>>

/** Makes it for each version. */
export const inVersions = <T>(make: (name: VersionName) => T): InVersions<T> => ({
  base: make('base'),
  ours: make('ours'),
  theirs: make('theirs'),
})

/** Makes it for each version; null where one cannot be made. */
export function inAllVersions<T>(make: (name: VersionName) => T | null): InVersions<T> | null {
  const [base, ours, theirs] = names.map(make)
  if (base === null || ours === null || theirs === null) return null
  return base === undefined || ours === undefined || theirs === undefined ? null : { base, ours, theirs }
}

/** Whether it is so in every version. */
export const isInAllVersions = (is: (name: VersionName) => boolean): boolean => names.every(is)

/** What the one side made of it that changed it; null where both did, and otherwise. */
export function changedByOne<T>(base: T | undefined, ours: T, theirs: T): T | null {
  if (ours === theirs || theirs === base) return ours
  return ours === base ? theirs : null
}

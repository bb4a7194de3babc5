/** System calls of Linux that Perl does not know by name. */
type SystemCall = 'prctl' | 'clone'

const numbers: Readonly<Partial<Record<NodeJS.Architecture, Readonly<Record<SystemCall, number>>>>> = {
  x64: { prctl: 157, clone: 56 },
  arm64: { prctl: 167, clone: 220 },
}

/** Their numbers on this machine, as arguments of a script; none where they are not known. */
export function numbersOf(calls: readonly SystemCall[]): readonly string[] {
  const known = process.platform === 'linux' ? numbers[process.arch] : undefined
  return known === undefined ? [] : calls.map((call) => String(known[call]))
}

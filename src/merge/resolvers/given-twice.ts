/** Options of a command, and what is given by name: `-d`, `--depth`, `depth=`. */
const given = /(?<![\w-])--?[A-Za-z][\w-]*|[A-Za-z_][\w-]*(?==(?![=>~]))/g

/** Whether a line gives something of one name more often than any line of either side: both sides may have put it for one reason. */
export function giveTwice(lines: readonly string[], sides: readonly (readonly string[])[]): boolean {
  const most = new Map<string, number>()
  for (const line of sides.flat())
    for (const [name, times] of givenOn(line)) most.set(name, Math.max(times, most.get(name) ?? 0))
  return lines.some((line) => [...givenOn(line)].some(([name, times]) => times > Math.max(1, most.get(name) ?? 0)))
}

function givenOn(line: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [name] of line.matchAll(given)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

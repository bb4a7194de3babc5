/** Finds one cycle in a graph given by names, as `a, b, a`; null when there is none. Linear, without recursion. */
export function findCycle(needs: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const state = new Map<string, 'open' | 'done'>()
  for (const start of needs.keys()) {
    if (state.has(start)) continue
    const trail: { readonly name: string; readonly rest: string[] }[] = [
      { name: start, rest: [...(needs.get(start) ?? [])] },
    ]
    state.set(start, 'open')
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const next = top.rest.shift()
      if (next === undefined) {
        state.set(top.name, 'done')
        trail.pop()
      } else if (state.get(next) === 'open') {
        const names = trail.map(({ name }) => name)
        return [...names.slice(names.indexOf(next)), next]
      } else if (!state.has(next) && needs.has(next)) {
        state.set(next, 'open')
        trail.push({ name: next, rest: [...(needs.get(next) ?? [])] })
      }
    }
  }
  return null
}

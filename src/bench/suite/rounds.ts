/** Does all of several things once in each round, so that what disturbs the machine disturbs them alike. */
export async function inRounds<Result>(
  rounds: number,
  things: ReadonlyMap<string, () => Promise<Result>>,
  tell: (text: string) => void,
): Promise<ReadonlyMap<string, readonly Result[]>> {
  const results = new Map<string, Result[]>([...things.keys()].map((name) => [name, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, work] of things) {
      tell(`round ${round} of ${rounds}: ${name}`)
      results.get(name)?.push(await work())
    }
  }
  return results
}

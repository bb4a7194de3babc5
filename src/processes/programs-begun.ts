let begun = 0

/** Programs that were started here by other means than node:child_process. */
export const programsBegun = (): number => begun

/** To be called where one is. */
export function noteProgram(): void {
  begun += 1
}

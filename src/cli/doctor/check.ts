/** One line of the doctor's answer. */
export interface Check {
  readonly name: string
  /** `optional`: not there, and not needed. */
  readonly state: 'ok' | 'warning' | 'wrong' | 'optional'
  /** What was found. */
  readonly found: string
  /** What to do about it; null when nothing is to be done. */
  readonly todo: string | null
}

/** A line that asks for nothing. */
export const fine = (name: string, found: string): Check => ({ name, state: 'ok', found, todo: null })

/** A line without which no run works. */
export const wrong = (name: string, found: string, todo: string): Check => ({ name, state: 'wrong', found, todo })

/** A line that a run can do with, but not well. */
export const warning = (name: string, found: string, todo: string): Check => ({ name, state: 'warning', found, todo })

/** Number of digits after the point. */
export const digits = 2

/** Prints a number for people. */
export function format(value) {
  return value.toFixed(digits)
}

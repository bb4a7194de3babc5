/** Splits an expression into numbers and operators. */
export function parse(text) {
  return text.split(' ').filter((part) => part !== '')
}

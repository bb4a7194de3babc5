import { parse } from './parse.js'

/** Works an expression out, from left to right. */
export function evaluate(text) {
  const [first, ...rest] = parse(text)
  let value = Number(first)
  for (let i = 0; i < rest.length; i += 2) {
    const operand = Number(rest[i + 1])
    if (rest[i] === '+') value += operand
    if (rest[i] === '-') value -= operand
    if (rest[i] === '*') value *= operand
  }
  return value
}

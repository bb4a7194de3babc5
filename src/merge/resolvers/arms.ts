import { indentOf } from './indent.ts'
import { outermostIn } from './outermost-lines.ts'

/** Whether lines put behind others would make an arm that is never reached, behind `default:`, `_ =>` or `else:`, or an `else` without its `if`. */
export function breakChoice(first: readonly string[], second: readonly string[]): boolean {
  const [before, behind] = [outermostIn(first), outermostIn(second)]
  const [head = '', next = ''] = [before[0], behind[0]]
  const told = before.find((line) => begins.test(line) || takesRest.test(line) || isElse.test(line)) ?? ''
  if (takesRest.test(told)) return true
  if (isElse.test(told) && (goesOn.test(next) || indentOf(next) > indentOf(told))) return true
  return goesOn.test(next) && !goesOn.test(head) && !begins.test(head) && indentOf(head) <= indentOf(next)
}

/** A choice of its own. */
const begins =
  /^\s*(?:if|switch|select|for|while|try|with|unless|case\b.*\bin)\b|\b(?:switch|match|select|when)\b.*[{:]\s*$/
const takesRest = /^\s*(?:default\s*(?::|=>|->)|_\s*(?:=>|->)|case\s+_\s*(?::|=>|->)|\|\s*_\s*->|\*\)|else\s*->)/
const isElse = /^\s*else\s*:?\s*$/
const goesOn = /^\s*(?:else\s*:?\s*$|(?:elif|elsif|elseif|else\s+if)\b)/

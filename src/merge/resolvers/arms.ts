import { indentOf } from './indent.ts'
import { outermostIn } from './outermost-lines.ts'

/**
 * Whether lines put behind others would never be reached, behind a `return` or the like or as an arm behind `default:`, `_ =>` or
 * `else:`, or would be an `else` without its `if`.
 */
export function breakChoice(first: readonly string[], second: readonly string[]): boolean {
  const [before, behind] = [outermostIn(first), outermostIn(second)]
  const [head = '', next = ''] = [before[0], behind[0]]
  const told = before.find((line) => begins.test(line) || takesRest.test(line) || isElse.test(line)) ?? ''
  if (isCutOff(next, before) || takesRest.test(told)) return true
  if (isElse.test(told) && (goesOn.test(next) || indentOf(next) > indentOf(told))) return true
  return goesOn.test(next) && !goesOn.test(head) && !begins.test(head) && indentOf(head) <= indentOf(next)
}

/** Whether a line of the same block comes behind its end. */
function isCutOff(next: string, before: readonly string[]): boolean {
  const last = before.at(-1) ?? ''
  return leaves.test(last) && !isArm.test(next) && indentOf(next) >= indentOf(last)
}

/** What goes on with nothing below it; with `if` behind it, as in Ruby, it may. */
const leaves = /^\s*(?:(?:return|throw|raise|break|continue|goto|exit|die)\b|panic!?\()(?!.*\s(?:if|unless)\s)/
const isArm =
  /^\s*(?:case|default|when|in|else|elif|elsif|except|rescue|catch|finally|ensure|_)\b|^\s*(?:\w+:\s*$|[)}])|=>|->/

/** A choice of its own. */
const begins =
  /^\s*(?:if|switch|select|for|while|try|with|unless|case\b.*\bin)\b|\b(?:switch|match|select|when)\b.*[{:]\s*$/
const takesRest = /^\s*(?:default\s*(?::|=>|->)|_\s*(?:=>|->)|case\s+_\s*(?::|=>|->)|\|\s*_\s*->|\*\)|else\s*->)/
const isElse = /^\s*else\s*:?\s*$/
const goesOn = /^\s*(?:else\s*:?\s*$|(?:elif|elsif|elseif|else\s+if)\b)/

/** Whether every bracket that is opened is closed, and none other. */
export function isBalanced(text: string): boolean {
  const open: string[] = []
  const code = text.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '')
  for (const sign of code.match(/[()[\]{}]/g) ?? []) {
    if ('([{'.includes(sign)) open.push(sign)
    else if (')]}'.includes(sign) && '([{'[')]}'.indexOf(sign)] !== open.pop()) return false
  }
  return open.length === 0
}

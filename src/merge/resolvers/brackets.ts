/** Whether every bracket that is opened is closed, and none other. */
export function isBalanced(text: string): boolean {
  const open: string[] = []
  for (const [sign] of text.matchAll(bracketOrString)) {
    if ('([{'.includes(sign)) open.push(sign)
    else if (')]}'.includes(sign) && '([{'[')]}'.indexOf(sign)] !== open.pop()) return false
  }
  return open.length === 0
}

const bracketOrString = /[()[\]{}]|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g

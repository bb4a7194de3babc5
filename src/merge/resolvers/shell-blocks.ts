import { isBalanced } from './brackets.ts'

/** Whether a path names a shell script. */
export const isShell = (path: string): boolean => /\.(?:ba|z|k)?sh$/.test(path)

/** Whether lines of a shell script are whole: every block that begins there ends there, and every arm with `;;`. */
export function isWholeShell(text: string): boolean {
  let arms = 0
  const withoutArms = text.replaceAll(arm, (_, pattern: string) => {
    arms += 1
    return pattern
  })
  const ends = withoutArms.match(/;;/g)?.length ?? 0
  return arms === ends && isBalanced(withoutArms) && areClosed(withoutArms)
}

/** `-v | --verbose)`, `"a b")` */
const arm =
  /^([^\S\n]*(?:"[^"\n]*"|'[^'\n]*'|[^\s()"'#|]+)(?:[^\S\n]*\|[^\S\n]*(?:"[^"\n]*"|'[^'\n]*'|[^\s()"'#|]+))*)\)(?=\s)/gm

function areClosed(text: string): boolean {
  const open: string[] = []
  for (const [word] of text.matchAll(blockWord)) {
    const end = endOf[word]
    if (end !== undefined) open.push(end)
    else if (open.pop() !== word) return false
  }
  return open.length === 0
}

const endOf: Readonly<Record<string, string>> = { if: 'fi', case: 'esac', do: 'done' }

/** Where a command begins; what is before it is looked at last, which costs nothing where no such word is. */
const blockWord =
  /\b(?:if|fi|case|esac|do|done)\b(?<=(?:^|[;&|({]|\b(?:then|do|else)\b)[^\S\n]*(?:if|fi|case|esac|do|done))/gm

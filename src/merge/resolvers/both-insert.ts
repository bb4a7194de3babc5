import { isBalanced } from './brackets.ts'
import type { Resolver } from './resolver.ts'
import { similarity, tokensOf } from './similarity.ts'

/** Both put something new at one place, each whole in itself and about other names: first ours, then theirs. */
export const bothInsert: Resolver = {
  name: 'both-insert',
  resolve({ base, ours, theirs }) {
    if (base.length > 0 || ours.length === 0 || theirs.length === 0) return null
    if (!isBalanced(ours.join('')) || !isBalanced(theirs.join(''))) return null
    const shared = similarity(ours.filter(saysSomething), theirs.filter(saysSomething))
    if (shared >= 0.2) return null
    const names = new Set(declaredIn(ours))
    if (declaredIn(theirs).some((name) => names.has(name))) return null
    const alike = similarity(
      tokensOf(ours.join('')).filter(saysSomething),
      tokensOf(theirs.join('')).filter(saysSomething),
    )
    const last = ours.at(-1) ?? ''
    const whole = last.endsWith('\n') ? ours : [...ours.slice(0, -1), `${last}\n`]
    const evidence = `both are whole and share ${Math.round(shared * 100)} % of their lines`
    return { grade: alike < 0.5 && shared < 0.1 ? 'certain' : 'likely', lines: [...whole, ...theirs], evidence }
  },
}

/** Lines of nothing but brackets are alike everywhere. */
const saysSomething = (line: string): boolean => /[\p{L}\p{N}]/u.test(line)

/** Names that lines give to something, at their outermost level: what is inside may be called alike. */
function declaredIn(lines: readonly string[]): readonly string[] {
  const outermost = lines.filter((line) => saysSomething(line) && indentOf(line) === leastIndent(lines))
  const declared =
    /\b(?:function|class|def|func|const|let|var|type|interface|enum|fn|struct)\s+(?:\([^)]*\)\s*)?([\w$]+)|^\s*["']?([\w$.-]+)["']?\??\s*[:=](?!=)/gm
  return [...outermost.join('').matchAll(declared)].map(([, named, keyed]) => named ?? keyed ?? '')
}

const indentOf = (line: string): number => /^[ \t]*/.exec(line)?.[0].length ?? 0

const leastIndent = (lines: readonly string[]): number => Math.min(...lines.filter(saysSomething).map(indentOf))

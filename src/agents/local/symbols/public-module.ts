import type { Grammar } from '../grammar.ts'
import type { SyntaxNode } from '../../../syntax/parser.ts'
import { publicJavaScript } from './javascript.ts'
import { publicPython } from './python.ts'
import type { PublicModule } from './symbol.ts'

/** What a module offers to others. */
export const publicModule = (grammar: Grammar, root: SyntaxNode): PublicModule =>
  grammar === 'python' ? publicPython(root) : publicJavaScript(root)

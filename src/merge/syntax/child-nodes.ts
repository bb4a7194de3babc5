import type { SyntaxNode } from '../../syntax/parser.ts'

/** A node and what is asked of it again and again: each question to a tree is a call out of JavaScript. */
export interface ChildNode {
  readonly node: SyntaxNode
  /** Of a sign the sign itself. */
  readonly kind: string
  readonly isNamed: boolean
  readonly range: ReturnType<SyntaxNode['range']>
}

const asChild = (node: SyntaxNode): ChildNode => ({
  node,
  kind: String(node.kind()),
  isNamed: node.isNamed(),
  range: node.range(),
})

/** The children of the nodes of one tree, each node's read once. */
export class ChildNodes {
  readonly #known = new Map<number, readonly ChildNode[]>()

  of(node: SyntaxNode): readonly ChildNode[] {
    const known = this.#known.get(node.id())
    if (known !== undefined) return known
    const children = node.children().map(asChild)
    this.#known.set(node.id(), children)
    return children
  }

  /** The children that a node has in one of its fields. */
  inField(node: SyntaxNode, field: string): readonly ChildNode[] {
    const ids = new Set(node.fieldChildren(field).map((child) => child.id()))
    return this.of(node).filter((child) => ids.has(child.node.id()))
  }
}

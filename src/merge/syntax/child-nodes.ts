import type { SyntaxNode } from '../../syntax/parser.ts'

/** A node and what is asked of it again and again: each question to a tree is a call out of JavaScript. */
export class ChildNode {
  readonly node: SyntaxNode
  #kind: string | undefined
  #isNamed: boolean | undefined
  #range: ReturnType<SyntaxNode['range']> | undefined

  constructor(node: SyntaxNode) {
    this.node = node
  }

  /** Of a sign the sign itself. */
  get kind(): string {
    return (this.#kind ??= String(this.node.kind()))
  }

  get isNamed(): boolean {
    return (this.#isNamed ??= this.node.isNamed())
  }

  get range(): ReturnType<SyntaxNode['range']> {
    return (this.#range ??= this.node.range())
  }
}

/** The children of the nodes of one tree, each node's read once. */
export class ChildNodes {
  readonly #known = new Map<number, readonly ChildNode[]>()

  of(node: SyntaxNode): readonly ChildNode[] {
    const known = this.#known.get(node.id())
    if (known !== undefined) return known
    const children = node.children().map((child) => new ChildNode(child))
    this.#known.set(node.id(), children)
    return children
  }

  /** The children that a node has in one of its fields. */
  inField(node: SyntaxNode, field: string): readonly ChildNode[] {
    const ids = new Set(node.fieldChildren(field).map((child) => child.id()))
    return this.of(node).filter((child) => ids.has(child.node.id()))
  }
}

import { html, type Markup } from '../../html.ts'
import type { Flame } from './flame.ts'
import type { FlameGraph } from './question.ts'

const [width, rowHeight, deepest] = [1_000, 17, 45]

/** A tree of times as SVG: what is called lies below who calls it, as wide as it took long. */
export function drawFlame({ title, flame }: FlameGraph): Markup {
  const bars = barsOf(flame, { left: 0, depth: 0, scale: width / flame.ms })
  const height = (1 + Math.max(...bars.map(({ depth }) => depth))) * rowHeight
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
      ${bars.map((bar) => drawBar(bar, flame.ms))}
    </svg>
  </figure>`
}

interface Bar {
  readonly flame: Flame
  readonly left: number
  readonly depth: number
  readonly wide: number
}

interface Place {
  readonly left: number
  readonly depth: number
  readonly scale: number
}

/** Longer calls stand before shorter ones. */
function barsOf(flame: Flame, { left, depth, scale }: Place): readonly Bar[] {
  let childLeft = left
  const below =
    depth === deepest
      ? []
      : flame.children
          .toSorted((a, b) => b.ms - a.ms)
          .flatMap((child) => {
            const bars = barsOf(child, { left: childLeft, depth: depth + 1, scale })
            childLeft += child.ms * scale
            return bars
          })
  return [{ flame, left, depth, wide: flame.ms * scale }, ...below]
}

function drawBar({ flame: { name, ms }, left, depth, wide }: Bar, allMs: number): Markup {
  const top = depth * rowHeight
  const shown = name.slice(0, Math.floor(wide / 6))
  const told = `${name}: ${ms.toFixed(0)} ms, ${((100 * ms) / allMs).toFixed(1)} %`
  return html`<g>
    <title>${told}</title>
    <rect
      x="${left.toFixed(1)}"
      y="${top}"
      width="${wide.toFixed(1)}"
      height="${rowHeight - 1}"
      fill="${colourOf(name)}"
    />
    ${shown.length > 2 ? html`<text x="${(left + 2).toFixed(1)}" y="${top + 12}">${shown}</text>` : null}
  </g>`
}

/** The same for all that is Node's, a package's, or of one room of the sources. */
function colourOf(name: string): string {
  const [, place = name] = /, ([^,]+)$/.exec(name) ?? []
  const part = place.startsWith('node:') ? 'node' : (place.split('/')[0] ?? '')
  const hue = Buffer.from(part).reduce((sum, byte) => (sum * 31 + byte) % 360, 7)
  return `hsl(${hue} 70% 75%)`
}

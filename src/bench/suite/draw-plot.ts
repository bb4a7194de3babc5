import * as Observable from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Plot } from './question.ts'

/** A plot as SVG in a figure with its title and legend. */
export function drawPlot({ title, x, y, points, isLine }: Plot): string {
  const { document } = parseHTML('<html><body></body></html>')
  const isNamed = points.some((point) => typeof point.x === 'string')
  const channels = { x: 'x', y: 'y', stroke: 'series' } as const
  const figure = Observable.plot({
    document: document as never, // linkedom's, which is enough of one
    title,
    width: 860,
    height: 340,
    marginLeft: 70,
    grid: true,
    color: { legend: true },
    x: { label: x.label, ...(isNamed ? { type: 'point' } : { type: x.isLogarithmic ? 'log' : 'linear' }) },
    y: { label: y.label, type: y.isLogarithmic ? 'log' : 'linear' },
    marks: [
      ...(isLine ? [Observable.line(points, { ...channels, sort: 'x' })] : []),
      Observable.dot(points, { ...channels, fill: 'series', r: 3.5 }),
    ],
  })
  for (const svg of figure.querySelectorAll('svg')) svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return figure.outerHTML
}

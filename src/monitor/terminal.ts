import { LineView } from './line-view.ts'
import { LiveView } from './live-view.ts'
import type { View, ViewOptions } from './view.ts'

/** A view of a run: drawn in place where that works (`redraw`), plain lines elsewhere. */
export function openView({ redraw, ...options }: ViewOptions & { readonly redraw: boolean }): View {
  return redraw ? new LiveView(options) : new LineView(options)
}

import { html, Markup } from '../../html.ts'
import { htmlPage, htmlTable } from '../../html-page.ts'
import { drawFlame } from './draw-flame.ts'
import { drawPlot } from './draw-plot.ts'
import { measuredTable, ratioTable, type Report } from './report.ts'
import type { Answer, Question, Table } from './question.ts'

/** A report as one page for a browser, with its plots; no script, nothing from a network. */
export function reportToHtml(report: Report): string {
  const { at, full, seed, machine, versions, answers } = report
  const title = `Troupe: benchmarks, ${full ? 'full' : 'short'} form`
  const body = html`<h1>${title}</h1>
    <p>
      ${at}; ${machine.system}, ${machine.cores} cores (${machine.cpu}), ${machine.memoryMb} MB; Node
      ${versions['node'] ?? ''}; seed ${seed}.
    </p>
    <p>
      Every ratio compares what was measured in turn in the same rounds: the median of the rounds, and half the distance
      of their quartiles as its spread.
    </p>
    ${answers.map(answerPart)}`
  return htmlPage({ title, style, body })
}

const answerPart = (answer: Answer & Pick<Question, 'title'>): Markup =>
  html`<section>
    <h2>${answer.title}</h2>
    ${answer.plots.map((plot) => new Markup(drawPlot(plot)))}${(answer.flames ?? []).map(drawFlame)}${[ratioTable(answer), ...answer.tables].map(tablePart)}${answer.notes.map((note) => html`<p>${note}</p>`)}
    <details>
      <summary>everything measured</summary>
      ${tablePart(measuredTable(answer))}
    </details>
  </section>`

const tablePart = ({ title, head, rows }: Table): Markup | null =>
  rows.length === 0
    ? null
    : html`<h3>${title}</h3>
        ${htmlTable(
          head,
          rows.map((row) => row.map(cellOf)),
        )}`

const cellOf = (cell: string): Markup | string => (cell === 'NOT MET' ? html`<span class="bad">${cell}</span>` : cell)

const style = new Markup(`
body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .7rem;border-bottom:1px solid #ddd}
.bad{color:#b3261e;font-weight:600}figure{margin:1rem 0}svg{max-width:100%;height:auto}
`)

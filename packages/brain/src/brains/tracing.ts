import type { TracedAnswer } from "@open-brains/core/run/composed.ts"
import type { Step } from "@open-brains/core/run/evaluate.ts"
import { isNothing } from "@open-brains/core/run/part.ts"
import { type Html, html, pageOf } from "../html.ts"
import { pad, shorten, widest } from "../layout.ts"
import type { Paint } from "../services.ts"
import { outcomeAsJson, spoken } from "./values.ts"

/** A trace for a program. */
export const traceAsJson = ({ steps, ms }: Pick<TracedAnswer, "steps" | "ms">): object => ({
  ms,
  steps: steps.map((step) => ({
    brain: step.brain,
    part: step.part,
    depth: step.depth,
    startMs: step.startMs,
    ms: step.ms,
    share: shareOf(step, ms),
    inputs: step.inputs.map(outcomeAsJson),
    output: outcomeAsJson(step.output),
    ...(isNothing(step.output) ? { nothing: step.output.nothing } : {}),
    ...(step.says ? { says: step.says } : {}),
  })),
})
/** Of the time of the whole answer. */
const shareOf = ({ ms }: Step, whole: number): number => (whole > 0 ? Math.min(1, ms / whole) : 0)

const BAR = 20
/** A trace for a person: each part with what it was asked and answered, and when in the whole. */
export function describeTrace({ steps, ms }: Pick<TracedAnswer, "steps" | "ms">, paint: Paint): readonly string[] {
  const names = steps.map(({ part, depth }) => "  ".repeat(depth) + part)
  const width = widest(names)
  return steps.flatMap((step, i) => {
    const inputs = step.inputs.map((input) => shorten(spoken(input, plain), 40)).join(" and ")
    const output = spoken(step.output, paint)
    const bar = paint("cyan", barOf(step, ms))
    const first = `${pad(names[i]!, width)}  ${bar} ${`${timeOf(step.ms)}`.padStart(8)}  ${paint("dim", `“${inputs}”`)} → ${output}`
    return [first, ...saysOf(step).map((line) => `${" ".repeat(width + 2)}${paint("dim", line)}`)]
  })
}
const plain: Paint = (_, text) => text
const timeOf = (ms: number): string => (ms < 1 ? `${(1000 * ms).toFixed(0)} µs` : `${ms.toFixed(1)} ms`)
function barOf(step: Step, whole: number): string {
  if (whole <= 0) return " ".repeat(BAR)
  const from = Math.min(BAR - 1, Math.floor((BAR * step.startMs) / whole))
  const length = Math.max(1, Math.min(BAR - from, Math.round((BAR * step.ms) / whole)))
  return `${"·".repeat(from)}${"█".repeat(length)}${"·".repeat(BAR - from - length)}`
}
const saysOf = ({ says = [] }: Step): readonly string[] =>
  says.map(
    ({ expert, bits }) =>
      `expert ${expert + 1} spoke ${bits >= 0 ? "for" : "against"} it by ${Math.abs(bits).toFixed(2)} bits`,
  )

/** The same as one page of HTML. */
export function printTracePage(
  name: string,
  inputs: string,
  answer: string,
  trace: Pick<TracedAnswer, "steps" | "ms">,
): string {
  const { steps, ms } = trace
  const rows = steps.map((step): Html => {
    const left = ms > 0 ? Math.min(99, (100 * step.startMs) / ms) : 0
    const width = ms > 0 ? Math.max(1, Math.min(100 - left, (100 * step.ms) / ms)) : 100
    return html`<tr><td style="padding-left:${`${step.depth}`}em"><bdi>${step.part}</bdi></td>
<td dir="auto">${step.inputs.map((input) => html`<div>${spoken(input, plain)}</div>`)}</td><td dir="auto">${spoken(step.output, plain)}${saysOf(step).map((line) => html`<div class="dim">${line}</div>`)}</td>
<td class="number">${timeOf(step.ms)}</td><td class="bar"><span style="margin-left:${left.toFixed(1)}%;width:${width.toFixed(1)}%"></span></td></tr>\n`
  })
  const body = html`<h1><bdi>${answer}</bdi></h1>
<p><b>${name}</b> was asked <bdi>${inputs}</bdi>, and took ${timeOf(ms)}.</p>
<h2>What each part was asked and answered</h2>
<table><thead><tr><th>part</th><th>asked</th><th>answered</th><th class="number">time</th><th>when</th></tr></thead><tbody>
${rows}</tbody></table>
<p class="dim">A part that no answer needed was not asked.</p>`
  return pageOf(`${name}: a trace`, STYLE, body)
}
const STYLE = `body { max-width: 64rem } td { vertical-align: top }
.bar { min-width: 10rem } .bar span { display: block; height: 1em; margin-top: .25em; border-radius: .2em; background: var(--for) }`

import type { ExplainedGram, ExplainedRow, Explanation } from "./explain.ts"
import { signed } from "./explanation_text.ts"
import { type Html, html, pageOf } from "./html.ts"
import { percent } from "./layout.ts"

/**
 * An explanation as one page of HTML: the text with each word coloured by what it contributed, the rows, the nearest
 * examples. It asks nothing of a network and runs nothing: its own policy forbids both, and every text in it is escaped.
 */
export function printExplanationPage(found: Explanation, module: string): string {
  const { text, labels, label, guess, probability, evidence, needed, bytesCut, nearest } = found
  const title = `${module}: why ${label ?? "unsure"}`
  const body = html`<h1><bdi>${label ?? "unsure"}</bdi></h1>
<p><b>${module}</b> answered ${label === undefined ? html`unsure; closest is <bdi>${guess}</bdi>` : html`<bdi>${label}</bdi>`}
with probability ${percent(probability)}. ${evidence.toFixed(2)} bits of evidence speak for <bdi>${guess}</bdi>; it asks for ${needed.toFixed(2)}.</p>
${labels.map(
  (each, i) => html`<section>
<h2>What the words said to <bdi>${each.label}</bdi>: ${signed(each.logit)} bits</h2>
<p class="text" dir="auto">${colouredText(found, i)}</p>
</section>`,
)}
${bytesCut > 0 ? html`<p class="dim">The last bytes of the text, ${`${bytesCut}`}, were not read.</p>` : ""}
<p class="dim"><span class="word for" style="--share:60%">spoke for it</span> <span class="word against" style="--share:60%">spoke
against it</span>; hover over a word for its bits. What two words say together is shared between them.</p>
<h2>Nearest examples that it learnt from</h2>
${
  nearest === undefined
    ? html`<p>It does not carry the examples that it learnt from.</p>`
    : html`<table><thead><tr><th>likeness</th><th>label</th><th>text</th></tr></thead><tbody>
${nearest.map(
  (each) =>
    html`<tr><td class="number">${each.similarity.toFixed(2)}</td><td><bdi>${each.label ?? "unsure"}</bdi></td><td dir="auto">${each.text}</td></tr>\n`,
)}</tbody></table>`
}
<h2>Every n-gram</h2>
<p class="dim">In bits, as the module's own integers have it: the rows, the bias and what was rounded away sum to the evidence exactly.
<code>&lt;</code> and <code>&gt;</code> are the ends of a word, <code>^</code> and <code>$</code> those of the text. N-grams joined
by <code>=</code> share a row of the module's table.</p>
${table(found)}
<p class="dim">The text: ${`${text.length}`} characters, ${`${found.words.length}`} words read.</p>`
  return pageOf(title, STYLE, body)
}

/** The text as it was written, its words coloured by what they said to one of the labels. */
function colouredText({ text, words, labels }: Explanation, about: number): readonly Html[] {
  const most = words.flatMap(({ contributions }) => contributions).reduce((a, b) => Math.max(a, Math.abs(b)), 1)
  let at = 0
  const parts = words.map((word) => {
    const [before, units] = [text.slice(at, word.start), word.contributions[about]!]
    at = word.end
    const hover = labels.map(({ label }, i) => `${signed(word.contributions[i]!)} bits for ${label}`).join("\n")
    const share = `--share:${Math.round((60 * Math.abs(units)) / most)}%`
    return html`${before}<span class="word ${sideOf(units)}" style="${share}" title="${hover}">${word.text}</span>`
  })
  return [...parts, html`${text.slice(at)}`]
}
const sideOf = (units: number): string => (units > 0 ? "for" : units < 0 ? "against" : "")

function table({ rows, labels, bias, rounding, isCut }: Explanation): Html {
  const numbers = (all: readonly number[]): readonly Html[] =>
    all.map((units) => html`<td class="number" title="${`${units}`}/256 bit">${signed(units)}</td>`)
  const row = (name: string, all: readonly number[]): Html => html`<tr><th>${name}</th>${numbers(all)}</tr>\n`
  return html`<table><thead><tr><th>n-grams</th>${labels.map(({ label }) => html`<th class="number"><bdi>${label}</bdi></th>`)}</tr></thead>
<tbody>
${rows.map((each) => html`<tr class="${sideOf(each.contributions[0]!)}"><td>${gramsOf(each)}</td>${numbers(each.contributions)}</tr>\n`)}</tbody>
<tfoot>${row("bias: before any text", bias)}${row(
    isCut.some(Boolean) ? "rounding, and what was cut off as too large" : "rounding",
    rounding,
  )}${row(
    "evidence: the sum",
    labels.map(({ logit }) => logit),
  )}</tfoot></table>`
}
const gramsOf = ({ grams }: ExplainedRow): readonly Html[] =>
  grams.map((gram, i) => html`${i > 0 ? " = " : ""}<code title="${hoverOf(gram)}"><bdi>${gram.text}</bdi></code>`)
const hoverOf = ({ kind, places }: ExplainedGram): string =>
  `${kind}, ${places.length === 1 ? "once" : `${places.length} times`}, at ${places.map(({ start }) => start).join(", ")}`

const STYLE = `.text { font-size: 1.4rem; line-height: 1.9; white-space: pre-wrap; unicode-bidi: isolate }
.word { border-radius: .25em; padding: .1em .2em; margin: 0 -.1em }
.word.for { background: color-mix(in srgb, var(--for) var(--share), transparent) }
.word.against { background: color-mix(in srgb, var(--against) var(--share), transparent) }
tr.for .number:nth-child(2) { color: var(--for) } tr.against .number:nth-child(2) { color: var(--against) }
tfoot th { font-weight: 400 } tfoot tr:last-child > * { font-weight: 700 }`

import { Graph, layout } from "@dagrejs/dagre"
import type { Box, Diagram } from "@open-brains/core/composition/diagram.ts"
import { printTime } from "@open-brains/core/composition/print.ts"
import { curveMonotoneX, line } from "d3-shape"
import { shorten, widthOf } from "../layout.ts"
import { escaped } from "../plot/svg.ts"

const LETTER = 7.3 // mean width of a letter of 13 px
const [LINE, PADDING, MARGIN, HEADING] = [18, 10, 24, 58]
const TEXT_MAX = 38

interface Placed {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
interface Line {
  readonly style: "name" | "title" | "note"
  readonly text: string
}

/**
 * A diagram as SVG, from left to right: one text that needs nothing else, with colours for light and dark surroundings.
 * What a box gives, and a text that was cut, is its title for whoever points at it. Layout: dagre, after Gansner et al. 1993,
 * "A technique for drawing directed graphs".
 */
export function drawSvg({ name, about, boxes, arrows, frames, left, closed }: Diagram): string {
  const graph = new Graph({ compound: true, multigraph: true })
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 46, edgesep: 12, marginx: MARGIN, marginy: MARGIN })
  for (const [at, frame] of frames.entries()) {
    graph.setNode(`f${at}`, {})
    if (frame.frame !== undefined) graph.setParent(`f${at}`, `f${frame.frame}`)
  }
  const texts = boxes.map(linesOf)
  for (const [at, box] of boxes.entries()) {
    const lines = texts[at]!
    const width = Math.max(
      44,
      ...lines.map(({ text, style }) => widthOf(text) * LETTER * (style === "note" ? 0.86 : 1)),
    )
    graph.setNode(`${at}`, { width: width + 2 * PADDING + 4, height: lines.length * LINE + PADDING + 4 })
    if (box.frame !== undefined) graph.setParent(`${at}`, `f${box.frame}`)
  }
  for (const [at, { from, to, label, role }] of arrows.entries()) {
    const size =
      label === undefined ? {} : { width: widthOf(shorten(label, 26)) * LETTER * 0.86 + 14, height: 16, labelpos: "c" }
    // What comes back is laid out as if it went forward: else its circle turns around at any place.
    const ends = role === "again" ? ([`${to}`, `${from}`] as const) : ([`${from}`, `${to}`] as const)
    graph.setEdge(ends[0], ends[1], { ...size, weight: role === "again" ? 0 : 1 }, `${at}`)
  }
  layout(graph)
  const placed = (key: string): Placed => graph.node(key) as Placed
  const size = graph.graph() as { readonly width?: number; readonly height?: number }
  const more = remarkOf({ left, closed })
  const width = Math.max((size.width ?? 0) + 8, 2 * MARGIN + widthOf(shorten(about, 90)) * LETTER, 320)
  const height = (size.height ?? 0) + HEADING + (more ? 28 : 0)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${rounded(width)} ${rounded(height)}" width="${rounded(width)}" height="${rounded(height)}" role="img" aria-label="${escaped(name)}">`,
    `<style>${STYLE}</style>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 .5 8 4 0 7.5Z"/></marker></defs>`,
    `<rect class="paper" width="${rounded(width)}" height="${rounded(height)}"/>`,
    `<text class="heading" x="${MARGIN}" y="30">${escaped(name)}</text><text class="note" x="${MARGIN}" y="49">${escaped(shorten(about, 90))}</text>`,
    `<g transform="translate(0 ${HEADING - 8})">`,
    ...frames.map(({ use, brain }, at) => {
      const { x, y, width: w, height: h } = placed(`f${at}`)
      return `<g class="brain"><rect class="frame" rx="12" x="${rounded(x - w / 2)}" y="${rounded(y - h / 2)}" width="${rounded(w)}" height="${rounded(h)}"/><text class="note" x="${rounded(x - w / 2 + 12)}" y="${rounded(y - h / 2 + 16)}">${escaped(`${use} · brain ${brain}`)}</text></g>`
    }),
    ...arrows.map(({ from, to, role, label }, at) => {
      const isBack = role === "again"
      const edge = graph.edge(isBack ? `${to}` : `${from}`, isBack ? `${from}` : `${to}`, `${at}`) as {
        points: { x: number; y: number }[]
        x?: number
        y?: number
      }
      const path = line<{ x: number; y: number }>(
        ({ x }) => x,
        ({ y }) => y,
      )
        .curve(curveMonotoneX)
        .digits(1)(isBack ? edge.points.toReversed() : edge.points)
      return `<path class="arrow ${role === "again" || role === "by" ? role : ""}" marker-end="url(#tip)" d="${path}"/>${
        label === undefined || edge.x === undefined ? "" : tagOf(label, edge.x, edge.y!)
      }`
    }),
    ...boxes.map((box, at) => drawBox(box, texts[at]!, placed(`${at}`))),
    "</g>",
    ...(more ? [`<text class="note" x="${MARGIN}" y="${rounded(height - 12)}">${escaped(more)}</text>`] : []),
    "</svg>",
    "",
  ].join("\n")
}

/** What a diagram does not show, in a line; nothing when it shows all. */
export const remarkOf = ({ left, closed }: Pick<Diagram, "left" | "closed">): string => {
  const parts = [
    ...(left > 0 ? [`${left} more values are not drawn: what is nearest to the answer is`] : []),
    ...(closed > 0 ? [`${closed} of the brains in it stayed closed: open one by its own name`] : []),
  ]
  return parts.length === 0 ? "" : `${parts.join("; ")}.`
}

function linesOf({ kind, name, title, detail, withinMs, type }: Box): readonly Line[] {
  const lines: Line[] = []
  const isEnd = kind === "input" || kind === "output"
  if (name !== undefined) lines.push({ style: "name", text: shorten(name, TEXT_MAX) })
  if (!isEnd) lines.push(...wrapped(title).map((text): Line => ({ style: "title", text })))
  if (isEnd && type) lines.push({ style: "note", text: shorten(type, TEXT_MAX) })
  if (detail !== undefined) lines.push({ style: "note", text: shorten(detail, TEXT_MAX) })
  if (withinMs !== undefined) lines.push({ style: "note", text: `within ${printTime(withinMs)}` })
  return lines
}
/** A text over two lines at most. */
function wrapped(text: string): readonly string[] {
  const plain = shorten(text, 2 * TEXT_MAX - 4)
  if (widthOf(plain) <= TEXT_MAX) return [plain]
  const at = plain.lastIndexOf(" ", TEXT_MAX)
  return at <= 0 ? [shorten(plain, TEXT_MAX)] : [plain.slice(0, at), shorten(plain.slice(at + 1), TEXT_MAX)]
}

function drawBox(box: Box, lines: readonly Line[], { x, y, width, height }: Placed): string {
  const [left, top] = [x - width / 2, y - height / 2]
  const title = [box.name, box.title, box.detail, box.type].filter((each) => each !== undefined).join("\n")
  const radius = box.kind === "input" || box.kind === "output" ? height / 2 : 8
  const first = y - ((lines.length - 1) * LINE) / 2 + 4.5
  return [
    `<g class="box ${FAMILY[box.kind]}"><title>${escaped(title)}</title>`,
    `<rect class="body" rx="${rounded(Math.min(radius, 16))}" x="${rounded(left)}" y="${rounded(top)}" width="${rounded(width)}" height="${rounded(height)}"/>`,
    ...lines.map(
      ({ style, text }, i) =>
        `<text class="${style}" x="${rounded(x)}" y="${rounded(first + i * LINE)}" text-anchor="middle">${escaped(text)}</text>`,
    ),
    "</g>",
  ].join("")
}
function tagOf(label: string, x: number, y: number): string {
  const text = shorten(label, 26)
  const width = widthOf(text) * LETTER * 0.86 + 8
  return `<g><title>${escaped(label)}</title><rect class="tag" x="${rounded(x - width / 2)}" y="${rounded(y - 8)}" width="${rounded(width)}" height="16" rx="4"/><text class="note" x="${rounded(x)}" y="${rounded(y + 4)}" text-anchor="middle">${escaped(text)}</text></g>`
}
const rounded = (value: number): number => Math.round(10 * value) / 10

const FAMILY: Readonly<Record<Box["kind"], string>> = {
  input: "end",
  output: "end",
  text: "fixed",
  value: "fixed",
  net: "part",
  code: "part",
  remote: "far",
  brain: "brain",
  absent: "absent",
  field: "fixed",
  within: "choice",
  route: "choice",
  first: "choice",
  mix: "choice",
  repeat: "choice",
  "so far": "absent",
}
// Colours: Okabe & Ito 2008, "Color universal design".
const colours = (end: string, part: string, far: string, brain: string, choice: string): string =>
  `.end{color:${end}}.part{color:${part}}.far{color:${far}}.brain{color:${brain}}.choice{color:${choice}}`
const STYLE = [
  "svg{--ink:#1b1b1b;--paper:#fff;--soft:#5b6168;font:13px system-ui,sans-serif}text{fill:var(--ink)}.paper,.tag{fill:var(--paper)}",
  ".heading{font-size:18px;font-weight:650}.name{font-weight:650}.note{font-size:11.2px;fill:var(--soft)}",
  ".box,.absent,.fixed{color:var(--soft)}.body{stroke:currentColor;stroke-width:1.4;fill:color-mix(in srgb,currentColor 12%,var(--paper))}",
  ".fixed .body{stroke-width:1;fill:var(--paper)}.absent .body{stroke-dasharray:4 3}",
  ".frame{stroke:currentColor;stroke-dasharray:6 4;fill:color-mix(in srgb,currentColor 5%,var(--paper))}",
  ".arrow{fill:none;stroke:var(--soft);stroke-width:1.3}.arrow.by{stroke-width:2.2}.arrow.again{stroke-dasharray:4 4}.tip{fill:var(--soft)}",
  colours("#009e73", "#0072b2", "#d55e00", "#a3527f", "#8a6d00"),
  `@media(prefers-color-scheme:dark){svg{--ink:#e6e6e6;--paper:#17191c;--soft:#a2a9b1}${colours("#2cc295", "#56b4e9", "#f0803c", "#e29ac4", "#e6b800")}}`,
].join("")

import type { Box, Diagram } from "@open-brains/core/composition/diagram.ts"
import { printTime } from "@open-brains/core/composition/print.ts"
import { COLUMNS_MAX, pad, shorten, widest, widthOf } from "../layout.ts"
import type { Paint } from "../services.ts"

const PARTS: readonly Box["kind"][] = ["net", "code", "remote", "brain", "absent"]
const NAMES_MAX = 4

/**
 * A diagram for a terminal: a frame for each value that has a name, in it what it is made of, on its lower edge what it
 * goes into. Brains that are open are frames around theirs.
 */
export function drawText(diagram: Diagram, paint: Paint): readonly string[] {
  const { boxes, frames } = diagram
  const sources = boxes.map((): { from: number; role: string; label?: string }[] => [])
  for (const { to, ...arrow } of diagram.arrows) sources[to]!.push(arrow)
  const frameOf = new Map(frames.map((frame) => [frame.box, frame]))
  const levelOf = (at: number): number | undefined => {
    const frame = frameOf.get(at)
    return frame ? frame.frame : boxes[at]!.frame
  }
  const isRoot = ({ kind, name }: Box): boolean => name !== undefined && kind !== "input" && kind !== "output"

  const goesInto = new Map<number, string[]>()
  const note = (at: number, into: string): void => {
    const known = goesInto.get(at) ?? []
    if (!known.includes(into)) goesInto.set(at, [...known, into])
  }
  const follow = (at: number, into: string, isWhole = false): void => {
    if (!isWhole && (isRoot(boxes[at]!) || boxes[at]!.kind === "input")) note(at, into)
    else for (const from of inputsOf(at)) follow(from, into)
  }
  const inputsOf = (at: number): readonly number[] =>
    frameOf.get(at)?.given ?? sources[at]!.filter(({ role }) => role !== "again").map(({ from }) => from)
  for (const [at, box] of boxes.entries()) if (isRoot(box)) follow(at, box.name!, true)
  for (const { to, from } of diagram.arrows)
    if (boxes[to]!.kind === "output") note(from, "the answer")
    else if (boxes[from]!.frame !== undefined && frameOf.get(to) === frames[boxes[from]!.frame!])
      note(from, "the answer")

  const lineOf = (at: number, isWhole = false): string => {
    const { kind, name, title, withinMs } = boxes[at]!
    if (!isWhole && name !== undefined) return name
    const from = inputsOf(at).map((each) => lineOf(each))
    const late = withinMs === undefined ? "" : ` within ${printTime(withinMs)}`
    if (PARTS.includes(kind)) return `${title}${from.length > 0 ? ` of ${from.join(" and ")}` : ""}${late}`
    if (kind === "field") return `${title} ${from.join("")}${late}`
    if (kind === "route") return `${title} ${lineOf(sources[at]![0]!.from)}${late}`
    return title + late
  }
  /** What makes a box, as a tree. */
  const treeOf = (at: number, width: number, isWhole = false): readonly string[] => {
    const { kind, name, detail } = boxes[at]!
    const head = shorten(lineOf(at, isWhole), width)
    const isCited = !isWhole && name !== undefined
    const isPart = PARTS.includes(kind)
    if (isCited || isPart || ["text", "value", "field", "input", "so far"].includes(kind)) {
      const room = width - widthOf(head) - 3
      return [
        isPart && !isCited && detail && room > 12 ? `${head}  ${paint("dim", `· ${shorten(detail, room)}`)}` : head,
      ]
    }
    const children = sources[at]!.filter(({ role }) => role !== "by" && role !== "again")
    const lines = children.flatMap(({ from, label, role }, i) => {
      const isLast = i === children.length - 1
      if (role === "until") {
        const test = label!.slice("until".length)
        return [`└─ ${paint("cyan", "until ")}${lineOf(from)}${paint("cyan", test)}`]
      }
      const said = label === undefined ? "" : `${shorten(label, width >> 1)}${kind === "route" ? ":" : ""} `
      const [first = "", ...rest] = treeOf(from, width - 3 - widthOf(said))
      return [
        `${isLast ? "└─" : "├─"} ${paint("cyan", said)}${first}`,
        ...rest.map((line) => `${isLast ? " " : "│"}  ${line}`),
      ]
    })
    return [head, ...lines]
  }

  const level = (frame: number | undefined, width: number): readonly string[] => {
    const lines: string[] = []
    const own = boxes.flatMap((_, at) => (levelOf(at) === frame ? [at] : []))
    const inputs = own.filter((at) => boxes[at]!.kind === "input")
    if (inputs.length > 0)
      lines.push(
        ...framed(
          "takes",
          inputs.map((at, i) => {
            const given = frame === undefined ? undefined : frames[frame]!.given[i]
            const { name = "", type = "" } = boxes[at]!
            return `${name}: ${type}${given === undefined ? "" : ` ← ${lineOf(given)}`}${into(at)}`
          }),
          "",
          width,
          paint,
        ),
      )
    for (const at of own) {
      const inner = frameOf.get(at)
      if (inner) {
        const title = `${inner.use} · brain ${inner.brain}`
        lines.push(...framed(title, level(frames.indexOf(inner), width - 4), "", width, paint))
      }
      const box = boxes[at]!
      if (isRoot(box))
        lines.push(
          ...framed(
            box.type ? `${box.name}: ${box.type}` : box.name!,
            treeOf(at, width - 4, true),
            into(at).trim(),
            width,
            paint,
          ),
        )
    }
    const outputs = own.filter((at) => boxes[at]!.kind === "output")
    if (outputs.length > 0)
      lines.push(
        ...framed(
          "gives",
          outputs.map(
            (at) => `${boxes[at]!.name}: ${boxes[at]!.type}${boxes[at]!.detail ? `; ${boxes[at]!.detail}` : ""}`,
          ),
          "",
          width,
          paint,
        ),
      )
    return lines
  }
  const into = (at: number): string => {
    const names = goesInto.get(at) ?? []
    const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : ""
    return names.length === 0 ? "" : ` → ${names.slice(0, NAMES_MAX).join(", ")}${more}`
  }
  return [
    paint("bold", diagram.name) + paint("dim", `  ${shorten(diagram.about, 80)}`),
    ...level(undefined, COLUMNS_MAX),
  ]
}

/** Lines in a frame with a title above and a word on its lower edge. Lines are as wide as they are, colours not counted. */
function framed(
  title: string,
  lines: readonly string[],
  foot: string,
  widthMax: number,
  paint: Paint,
): readonly string[] {
  const heading = ` ${shorten(title, widthMax - 6)} `
  const ending = foot === "" ? "" : ` ${shorten(foot, widthMax - 6)} `
  const cut = lines.map((line) => (widthOf(bare(line)) > widthMax - 4 ? shorten(bare(line), widthMax - 4) : line))
  const inner = Math.max(widest(cut.map(bare)) + 2, widthOf(heading) + 2, widthOf(ending) + 2, 20)
  const [left, right] = heading.split(/(?<=^ [^:·]*)(?=[:·])/) as [string, string | undefined]
  return [
    `╭─${paint("bold", left)}${right ? paint("dim", right) : ""}${"─".repeat(inner - widthOf(heading) - 1)}╮`,
    ...cut.map((line) => `│ ${line}${pad("", inner - 2 - widthOf(bare(line)))} │`),
    `╰${"─".repeat(inner - widthOf(ending) - 1)}${ending}─╯`,
  ]
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal are control characters
const bare = (line: string): string => line.replace(/\u001b\[[0-9;]*m/g, "")

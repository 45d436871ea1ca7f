import type { CheckedBrain, Composition, Node } from "./composition.ts"
import { bytesInBraces, joined, utf8Length } from "./join.ts"
import { neededBy } from "./nodes.ts"
import { branchesOf, type Printed, printer, printTest, printTime } from "./print.ts"
import { describe, type PortType } from "./types.ts"

/** A composition as boxes and arrows, from inputs to outputs: plain data that any printer can draw. */
export interface Diagram {
  readonly name: string
  readonly about: string
  /** Each after those that it is made from, but for the value so far of a `repeat`. */
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
  /** Brains in it that are open, each after the one that it is in. */
  readonly frames: readonly Frame[]
  /** Boxes that there was no room for, and brains that stayed closed for want of it. */
  readonly left: number
  readonly closed: number
}
export interface Box {
  readonly kind: BoxKind
  /** What the brain calls this value, if anything. */
  readonly name?: string
  /** What makes it: a part, a text, `route`. */
  readonly title: string
  /** Of parts: what the use stands for. Of outputs: their rules. */
  readonly detail?: string
  readonly type?: string
  readonly withinMs?: number
  /** The open brain that it is in. */
  readonly frame?: number
}
export type BoxKind =
  | "input"
  | "output"
  | "text"
  | "value"
  | "net"
  | "code"
  | "remote"
  | "brain"
  | "absent"
  | "field"
  | "within"
  | "route"
  | "first"
  | "mix"
  | "repeat"
  | "so far"

/** Ends are places among the boxes; arrows to one box stand in the order of its expression. */
export interface Arrow {
  readonly from: number
  readonly to: number
  readonly role: "input" | "by" | "branch" | "try" | "expert" | "start" | "step" | "until" | "again" | "answer"
  readonly label?: string
}
export interface Frame {
  readonly use: string
  readonly brain: string
  /** The box of the call: what it gives. */
  readonly box: number
  /** The boxes that it is asked with, in the order of what it takes. */
  readonly given: readonly number[]
  readonly frame?: number
}

export interface DiagramOptions {
  /** Whether brains that are used are open. */
  readonly opens?: boolean
  readonly boxesMax: number
}

/** Draws what the outputs of the brain need; what is nearest to them first, when there is no room for all. */
export function diagramOf(composition: Composition, { opens = false, boxesMax }: DiagramOptions): Diagram {
  const { modules, brains } = composition
  const boxes: Box[] = []
  const arrows: Arrow[] = []
  const frames: Frame[] = []
  const main = brains.at(-1)!
  let closed = 0
  let room = boxesMax - main.outputs.length
  const needed = neededNodes(main)
  const left = Math.max(0, needed.length - room)
  const shown = new Set(needed.slice(0, room))
  room -= shown.size

  const places = draw(main, shown, undefined, undefined)
  for (const [i, { name, type }] of main.gives.entries()) {
    const rules = main.rules.flatMap(({ kind, text, output }) =>
      output === i ? [`${kind} ${JSON.stringify(text)}`] : [],
    )
    const detail = rules.length > 0 ? { detail: rules.join(", ") } : {}
    const to = boxes.push({ kind: "output", name, title: name, type: describe(type), ...detail }) - 1
    const from = places.get(main.outputs[i]!)
    if (from !== undefined) arrows.push({ from, to, role: "answer" })
  }
  return { name: main.name, about: main.about, boxes, arrows, frames, left, closed }

  /** Draws nodes of a brain, and says where each is. `given`: the boxes of its inputs' values, of a brain in another. */
  function draw(
    brain: CheckedBrain,
    own: ReadonlySet<number>,
    frame: number | undefined,
    given: readonly number[] | undefined,
  ): ReadonlyMap<number, number> {
    const words = printer(brain)
    const types = typesOf(composition, brain)
    const found = new Map<number, number>()
    const again: [from: number, soFar: number][] = []
    const inside = frame === undefined ? {} : { frame }
    for (const at of [...own].sort((a, b) => a - b)) {
      const node = brain.nodes[at]!
      const name = words.name(at)
      if (node.op === "within" && canFold(brain, words, node.of) && found.has(node.of)) {
        const place = found.get(node.of)!
        boxes[place] = { ...boxes[place]!, withinMs: node.ms, ...(name === undefined ? {} : { name }) }
        found.set(at, place)
        continue
      }
      const type = types[at]
      const place =
        boxes.push({
          ...boxOf(brain, at, words),
          ...(name === undefined || node.op === "so far" ? {} : { name }),
          ...(type === undefined ? {} : { type: describe(type) }),
          ...inside,
        }) - 1
      found.set(at, place)
      if (node.op === "input") {
        const from = given?.[node.input]
        if (from !== undefined) arrows.push({ from, to: place, role: "input" })
        continue
      }
      if (node.op === "call" && opened(brain, node, place, found, frame)) continue
      for (const { node: from, ...rest } of arrowsOf(brain, node, composition)) {
        const source = found.get(from)
        if (source !== undefined) arrows.push({ from: source, to: place, ...rest })
      }
      if (node.op === "repeat") again.push([place, node.soFar])
    }
    for (const [from, soFar] of again) {
      const to = found.get(soFar)
      if (to !== undefined) arrows.push({ from, to, role: "again", label: "again" })
    }
    return found
  }

  /** Draws the inside of a brain that is asked, when there is room for it. */
  function opened(
    brain: CheckedBrain,
    { use, inputs, fields }: Extract<Node, { op: "call" }>,
    box: number,
    found: ReadonlyMap<number, number>,
    frame: number | undefined,
  ): boolean {
    const { name, of } = brain.uses[use]!
    if (!opens || !("brain" in of)) return false
    const inner = brains[of.brain]!
    const own = room < inner.outputs.length ? [] : neededNodes(inner)
    if (own.length === 0 || own.length > room) {
      closed++
      return false
    }
    room -= own.length
    const given = inputs.flatMap((input) => found.get(input) ?? [])
    const at = frames.push({ use: name, brain: inner.name, box, given, ...(frame === undefined ? {} : { frame }) }) - 1
    boxes[box] = { ...boxes[box]!, frame: at }
    const places = draw(inner, new Set(own), at, given)
    for (const [i, output] of inner.outputs.entries())
      arrows.push({ from: places.get(output)!, to: box, role: "answer", ...(fields ? { label: fields[i]! } : {}) })
    return true
  }

  function boxOf(brain: CheckedBrain, at: number, words: Printed): Pick<Box, "kind" | "title" | "detail"> {
    const node = brain.nodes[at]!
    switch (node.op) {
      case "input":
        return { kind: "input", title: brain.takes[node.input]!.name }
      case "literal":
      case "join":
        return {
          kind: node.op === "literal" && typeof node.value === "number" ? "value" : "text",
          title: words.expression(at, true),
        }
      case "label":
        return { kind: "value", title: node.label === undefined ? "unsure" : `label ${node.label}` }
      case "field":
        return { kind: "field", title: `${node.field} from` }
      case "call": {
        const { name, of } = brain.uses[node.use]!
        if ("absent" in of) return { kind: "absent", title: name, detail: "absent" }
        if ("brain" in of) return { kind: "brain", title: name, detail: `brain ${brains[of.brain]!.name}` }
        const { kind, name: called } = modules[of.module]!
        return { kind, title: name, detail: `${kind} ${called}` }
      }
      case "within":
        return { kind: "within", title: `within ${printTime(node.ms)}` }
      case "route":
        return { kind: "route", title: "route" }
      case "first":
        return { kind: "first", title: "first good" }
      case "mix":
        return { kind: "mix", title: "mix" }
      case "repeat":
        return { kind: "repeat", title: `repeat up to ${node.times} times` }
      case "so far":
        return { kind: "so far", title: `${words.expression(at)} so far` }
      default:
        return node satisfies never
    }
  }
}

/** The nodes that the outputs need, those nearest to them first. */
function neededNodes({ nodes, outputs }: CheckedBrain): readonly number[] {
  const found = new Set(outputs)
  for (const at of found) {
    const node = nodes[at]!
    for (const each of neededBy(node)) found.add(each)
    if (node.op === "repeat") found.add(node.soFar)
  }
  return [...found]
}

/** Whether a deadline is that of a box: of one without a name, which nothing else can ask. */
const canFold = ({ nodes }: CheckedBrain, words: Printed, of: number): boolean =>
  words.name(of) === undefined && nodes[of]!.op !== "input"

type Drawn = Pick<Arrow, "role" | "label"> & { readonly node: number }
function arrowsOf(brain: CheckedBrain, node: Node, { modules, brains }: Composition): readonly Drawn[] {
  switch (node.op) {
    case "route":
      return [
        { node: node.on, role: "by" },
        ...branchesOf(node).map(
          (branch): Drawn => ({
            node: branch.node,
            role: "branch",
            label: "labels" in branch ? branch.labels.join(" or ") : "otherwise",
          }),
        ),
      ]
    case "first":
      return node.alternatives.map((each, i) => ({ node: each, role: "try", label: `${i + 1}` }))
    case "mix":
      return node.experts.map(({ node: each, weight }) => ({ node: each, role: "expert", label: `× ${weight / 256}` }))
    case "repeat":
      return [
        { node: node.begin, role: "start", label: "start with" },
        { node: node.step, role: "step", label: "then" },
        { node: node.until.node, role: "until", label: `until ${printTest(node)}` },
      ]
    case "call": {
      const { of } = brain.uses[node.use]!
      const takes = "absent" in of ? [] : ("module" in of ? modules[of.module]! : brains[of.brain]!).takes
      return node.inputs.map((each, i) => ({
        node: each,
        role: "input",
        ...(node.inputs.length > 1 && takes[i] ? { label: takes[i].name } : {}),
      }))
    }
    default:
      return neededBy(node).map((each) => ({ node: each, role: "input" }))
  }
}

/** What each node gives, near enough to be shown: checking has asked more. */
function typesOf({ modules, brains }: Composition, brain: CheckedBrain): readonly (PortType | undefined)[] {
  const types: (PortType | undefined)[] = []
  const beginOf = new Map<number, number>()
  for (const node of brain.nodes) if (node.op === "repeat") beginOf.set(node.soFar, node.begin)
  const all = (places: readonly (number | undefined)[]): PortType | undefined =>
    places.reduce<PortType | undefined>((sum, at) => {
      const type = at === undefined ? undefined : types[at]
      return sum === undefined || type === undefined ? (sum ?? type) : (joined(sum, type) ?? sum)
    }, undefined)
  const typeOf = (node: Node, at: number): PortType | undefined => {
    switch (node.op) {
      case "input":
        return brain.takes[node.input]!.type
      case "literal":
        return typeof node.value === "string"
          ? { type: "text", bytesMax: Math.max(1, utf8Length(node.value)) }
          : { type: "number", least: node.value, most: node.value }
      case "label":
        return { type: "label", labels: node.label === undefined ? [] : [node.label] }
      case "join": {
        const bytes = node.pieces.map((piece) =>
          typeof piece === "string" ? utf8Length(piece) : types[piece] ? (bytesInBraces(types[piece]) ?? 0) : 0,
        )
        return {
          type: "text",
          bytesMax: Math.max(
            1,
            bytes.reduce((sum, each) => sum + each, 0),
          ),
        }
      }
      case "field": {
        const of = types[node.of]
        return of?.type === "record" ? of.fields.find(({ name }) => name === node.field)?.type : undefined
      }
      case "call": {
        const { of } = brain.uses[node.use]!
        if ("absent" in of) return undefined
        const { gives } = "module" in of ? modules[of.module]! : brains[of.brain]!
        return gives.length === 1 ? gives[0]!.type : { type: "record", fields: gives }
      }
      case "within":
        return types[node.of]
      case "route":
        return all([...node.branches, node.unsure, node.otherwise])
      case "first":
        return all(node.alternatives)
      case "mix":
        return { type: "label", labels: node.labels }
      case "so far":
        return all([beginOf.get(at)])
      case "repeat":
        return all([node.begin, node.step])
      default:
        return node satisfies never
    }
  }
  for (const [at, node] of brain.nodes.entries()) types.push(typeOf(node, at))
  return types
}

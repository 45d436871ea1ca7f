import { isWord, quote } from "../module/lexer.ts"
import type { CheckedBrain, Node } from "./composition.ts"

/** Columns of an expression that stands on one line. */
const WIDTH = 88
const INDENT = "  "

export interface Printed {
  /**
   * What a node is, in the words of the language: names where values, inputs or parts have them, `asValue` the definition of a
   * value even though it has a name. Values of parameters stand where the parameters stood, so that not all of it can be read again.
   */
  expression(node: number, asValue?: boolean): string
  /** The name of a node: of an input, of a value, or of the value so far. */
  name(node: number): string | undefined
}

/**
 * Prints nodes of a brain. What was read from the text is read from what is printed, but for parameters. `sorted`: the
 * branches of a `route` by their labels, since their order means nothing.
 */
export function printer(brain: CheckedBrain, { sorted = false }: { readonly sorted?: boolean } = {}): Printed {
  const names = namesOf(brain)
  const node = (at: number): Node => brain.nodes[at]!
  const name = (at: number): string | undefined => names.get(at)

  function print(at: number, depth: number, asValue = false): string {
    const own = name(at)
    if (own !== undefined && !asValue) return own
    const each = node(at)
    switch (each.op) {
      case "input":
        return brain.takes[each.input]!.name
      case "literal":
        return typeof each.value === "string" ? printText([each.value]) : printNumber(each.value)
      case "label":
        return each.label === undefined ? "unsure" : `label ${printLabel(each.label)}`
      case "join":
        return printText(each.pieces.map((piece) => (typeof piece === "string" ? piece : inBraces(piece))))
      case "field":
        return `${each.field} from ${print(each.of, depth)}`
      case "call":
        return `${brain.uses[each.use]!.name} of ${each.inputs.map((input) => print(input, depth)).join(" and ")}`
      case "within":
        return `${print(each.of, depth)} within ${printTime(each.ms)}`
      case "route":
        return inBlock(`route ${print(each.on, depth)}`, depth, branchesOf(each, sorted), (branch) => {
          const head = "labels" in branch ? `when ${branch.labels.join(" or ")}: ` : "otherwise: "
          return head + print(branch.node, depth + 1)
        })
      case "first":
        return inBlock("first good", depth, each.alternatives, (alternative) => print(alternative, depth + 1))
      case "mix":
        return inBlock("mix", depth, each.experts, ({ node: expert, weight }) =>
          weight === 256 ? print(expert, depth + 1) : `${print(expert, depth + 1)} weight ${printNumber(weight / 256)}`,
        )
      case "so far":
        return own ?? "so_far"
      case "repeat": {
        const lines = [
          `start with ${print(each.begin, depth + 1)}`,
          `then ${print(each.step, depth + 1)}`,
          `until ${print(each.until.node, depth + 1)} ${printTest(each)}`,
        ]
        return inBlock(`repeat up to ${each.times} times`, depth, lines, (line) => line)
      }
      default:
        return each satisfies never
    }
  }
  /** What stands in a text: a name, or the text of the parameter that was named there. */
  function inBraces(at: number): string | { readonly name: string } {
    const own = name(at)
    if (own !== undefined) return { name: own }
    const each = node(at)
    if (each.op === "literal") return `${each.value}`
    return each.op === "label" ? (each.label ?? "unsure") : { name: print(at, 0) }
  }
  return { name, expression: (at, asValue) => print(at, 0, asValue) }
}

/** Of two values that are one the first by the alphabet is said, and the other is its name. */
function namesOf({ takes, nodes, values }: CheckedBrain): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const [at, node] of nodes.entries()) if (node.op === "input") names.set(at, takes[node.input]!.name)
  const sorted = values.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, node: at } of sorted) {
    if (names.has(at)) continue
    names.set(at, name)
    const node = nodes[at]
    if (node?.op === "repeat") names.set(node.soFar, name)
  }
  return names
}
/** Whether this name is what says the value, not another name of it. */
export const isDefinition = ({ name }: Printed, value: CheckedBrain["values"][number]): boolean =>
  name(value.node) === value.name

type Route = Extract<Node, { op: "route" }>
type Branch = { readonly labels: readonly string[]; readonly node: number } | { readonly node: number }
/** Labels that lead to one node stand together; `unsure` stands where it was written, as its node tells. */
export function branchesOf({ labels, branches, unsure, otherwise }: Route, sorted = false): readonly Branch[] {
  const cases = labels.map((label, i) => [label, branches[i]!] as const)
  const groups: { labels: string[]; readonly node: number }[] = []
  const told = sorted ? cases.toSorted(([a], [b]) => (a < b ? -1 : 1)) : cases
  for (const [label, node] of told) {
    const found = sorted ? groups.find((each) => each.node === node) : groups.at(-1)
    if (found?.node === node) found.labels.push(printLabel(label))
    else groups.push({ labels: [printLabel(label)], node })
  }
  if (unsure !== undefined) {
    const same = groups.find(({ node }) => node === unsure)
    const later = sorted ? -1 : groups.findIndex(({ node }) => node > unsure)
    if (same) same.labels.push("unsure")
    else groups.splice(later < 0 ? groups.length : later, 0, { labels: ["unsure"], node: unsure })
  }
  return otherwise === undefined ? groups : [...groups, { node: otherwise }]
}

/** A block on one line where it fits, else an element a line. */
function inBlock<T>(head: string, depth: number, elements: readonly T[], print: (element: T) => string): string {
  const printed = elements.map(print)
  const line = `${head} { ${printed.join(" ")} }`
  if (!line.includes("\n") && line.length + depth * INDENT.length <= WIDTH) return line
  const indent = INDENT.repeat(depth + 1)
  return [`${head} {`, ...printed.map((each) => indent + each), `${INDENT.repeat(depth)}}`].join("\n")
}

export const printTest = ({ until }: Extract<Node, { op: "repeat" }>): string =>
  until.test === "is"
    ? `is ${[...until.labels.map(printLabel), ...(until.unsure ? ["unsure"] : [])].join(" or ")}`
    : `${until.test} ${printNumber(until.bound)}`

/** `unsure` as a label stands in quotation marks: bare it is none of them. */
export const printLabel = (label: string): string => (isWord(label) && label !== "unsure" ? label : quote(label))

function printText(pieces: readonly (string | { readonly name: string })[]): string {
  const text = pieces
    .map((piece) => (typeof piece === "string" ? piece.replace(/[{}]/g, (brace) => brace + brace) : `{${piece.name}}`))
    .join("")
  return quote(text)
}

const DECIMALS = 12
function printNumber(value: number): string {
  const plain = `${value}`
  return plain.includes("e") ? value.toFixed(DECIMALS).replace(/\.?0+$/, "") : plain
}
export function printTime(ms: number): string {
  if (ms >= 1000 && Number.isInteger(ms / 1000)) return `${ms / 1000} s`
  if (ms > 0 && ms < 1) {
    const us = Math.round(ms * 1e9) / 1e6
    if (us * 0.001 === ms) return `${printNumber(us)} us`
  }
  return `${printNumber(ms)} ms`
}

import { suggest } from "../base/problem.ts"
import type { Arguments } from "./arguments.ts"
import { checkBenchmarks } from "./benchmark.ts"
import { budgetProblems, type Costs, costsOf } from "./budget.ts"
import { checkExpression } from "./check_expression.ts"
import type { CheckedUse, Node } from "./composition.ts"
import type { Cost } from "./library.ts"
import { inOrder, mentions, neededIn } from "./order.ts"
import { checkRules } from "./rules.ts"
import { openScope, type Scope } from "./scope.ts"
import { NONE, type Signature, type Typed } from "./signature.ts"
import type { BrainSyntax, FileSyntax, PortSyntax, Word } from "./syntax.ts"
import type { Targets } from "./targets.ts"
import { describe, misfit, type Port, type PortType } from "./types.ts"

interface Output extends Typed {
  readonly wanted: PortType | undefined
  /** The name where its value is said. */
  readonly place?: Word
}
/** Stands where a type is missing because of a problem. */
const EMPTY: PortType = { type: "label", labels: [] }

/** One brain with the values of its parameters. Problems: OB601 to OB613, OB618, OB620 to OB627, OB751, OB752. */
export function checkBrain(
  targets: Targets,
  file: FileSyntax,
  brain: BrainSyntax,
  given: Arguments,
): Signature | undefined {
  const { all } = targets
  const before = all.problems.length
  const scope = openScope(targets, file, brain, given)
  const nodes: Node[] = []
  const unresolved = scope.names(nodes)
  for (const { name, type, node } of parameterNodes(brain, given))
    scope.put(name, { node: nodes.push(node) - 1, type, unsure: false, isExpert: false })
  for (const [input, { name }] of brain.takes.entries()) {
    const node = nodes.push({ op: "input", input }) - 1
    const type = scope.typeOf(brain.takes[input]!)
    scope.put(name.text, { node, type, unsure: type?.type === "label", isExpert: false })
  }
  const places = new Map(brain.values.map(({ name }, i): [string, number] => [name.text, i]).reverse()) // the first of a name
  const needed = neededIn(brain.values, places)
  const { order, cycles } = inOrder(needed)
  for (const cycle of cycles) {
    const value = brain.values[cycle[0]!]!
    const way = [...cycle, cycle[0]!].map((at) => `\`${brain.values[at]!.name.text}\``).join(" needs ")
    all.report(
      file,
      value.name,
      "OB613",
      `These values need each other without end: ${way}.`,
      "Break the circle, or give it a bound: draft is repeat up to 4 times { … }",
    )
  }
  for (const at of order) {
    const { name, value } = brain.values[at]!
    if (places.get(name.text) !== at) continue // the later one of two, told of elsewhere
    const isInCircle = cycles.some((cycle) => cycle.includes(at))
    if (isInCircle) for (const mention of mentions(value)) scope.mark(mention.text)
    scope.put(name.text, isInCircle ? NONE : checkExpression(value, unresolved, name.text))
  }
  const outputs = brain.gives.map((each) => checkOutput(targets, file, brain, each, scope))
  // After another mistake, what was meant to be used may not be.
  if (all.problems.length === before) reportUnused(targets, file, brain, scope, needed, places)
  const rules = checkRules(brain, outputs, nodes, (at, code, seen, hint) => all.report(file, at, code, seen, hint))
  const uses = scope.uses()
  const loads = new Map<number, Cost>()
  for (const { signature } of uses) for (const [place, cost] of signature?.loads ?? []) loads.set(place, cost)
  let known: Costs | undefined
  const costs = (): Costs => {
    known ??= costsOf(
      nodes,
      outputs.map(({ node }) => node),
      uses.map((use) => ({ name: use.name, cost: use.signature?.cost() })),
      loads,
    )
    return known
  }
  if (brain.budget.length > 0)
    for (const { at, seen, hint } of budgetProblems(brain.budget, costs())) all.report(file, at, "OB622", seen, hint)
  const gives = brain.gives.map(({ name }, i) => ({ name: name.text, type: outputs[i]!.wanted ?? EMPTY }))
  const takes = brain.takes.map((each) => ({ name: each.name.text, type: scope.typeOf(each) ?? EMPTY }))
  checkBenchmarks(targets, file, brain, { takes, gives })
  if (all.problems.length > before) {
    // Its users are checked against what it says of itself.
    if (gives.some(({ type }) => type === EMPTY) || takes.some(({ type }) => type === EMPTY)) return undefined
  }
  const place = targets.add({
    name: brain.name.text,
    about: brain.about,
    licence: brain.licence,
    takes: asDeclared(brain.takes, takes),
    gives: asDeclared(brain.gives, gives),
    uses: uses.map(
      ({ name, signature, absent, shared }): CheckedUse => ({
        name,
        of: signature?.target ?? { absent: absent ?? "it is not there" },
        ...(shared === undefined ? {} : { shared }),
      }),
    ),
    nodes,
    outputs: outputs.map(({ node }) => node),
    rules,
    budget: brain.budget.map(({ what, amount }) => ({ what, amount })),
    benchmarks: brain.benchmarks.map(({ text }) => text),
    values: brain.values.map(({ name }) => ({ name: name.text, node: scope.get(name.text)?.node ?? -1 })),
  })
  return {
    target: { brain: place },
    name: brain.name.text,
    takes,
    gives,
    unsure: outputs.map(({ unsure }) => unsure),
    ...(rules.length > 0 ? { nothing: `\`${brain.name.text}\` may give an answer that breaks its rules` } : {}),
    isExpert: gives.length === 1 && outputs[0]!.isExpert,
    cost: () => costs().total,
    loads,
  }
}

/** The values of parameters that were written down: the first nodes of a brain, in this order. */
export function parameterNodes(brain: BrainSyntax, given: Arguments) {
  return brain.parameters.flatMap(({ name, type, value }) => {
    const found = given.get(name.text) ?? (value && { literal: value })
    if (found === undefined || !("literal" in found) || type.type === "module") return []
    const { literal } = found
    const node: Node =
      literal.kind === "label"
        ? { op: "label", label: literal.label }
        : { op: "literal", value: literal.kind === "text" ? literal.text : literal.value }
    return [{ name: name.text, type, node }]
  })
}

/** A stream stays one for whoever looks at the brain from outside. */
const asDeclared = (ports: readonly PortSyntax[], elements: readonly Port[]): readonly Port[] =>
  elements.map((port, i) => {
    const { type } = ports[i]!
    return type.type === "stream" ? { ...port, type } : port
  })

function checkOutput({ all }: Targets, file: FileSyntax, brain: BrainSyntax, output: PortSyntax, scope: Scope): Output {
  const wanted = scope.typeOf(output)
  const value = brain.values.find(({ name }) => name.text === output.name.text)
  if (value === undefined) {
    const isInput = brain.takes.some(({ name }) => name.text === output.name.text)
    if (!isInput)
      all.report(
        file,
        output.name,
        "OB618",
        `Nothing says what \`${output.name.text}\` is.`,
        `${suggestValue(output.name.text, brain)}Add: ${output.name.text} is …`,
      )
    return { ...NONE, wanted }
  }
  const found = scope.get(output.name.text) ?? NONE
  const why = found.type && wanted && misfit(found.type, wanted)
  if (why !== undefined)
    all.report(
      file,
      value.name,
      "OB607",
      `\`${output.name.text}\` is ${describe(found.type!)}, and the brain gives ${describe(wanted!)}: ${why}.`,
      wanted?.type === "text" && (found.type!.type === "label" || found.type!.type === "number")
        ? `Put it into the braces of a text, like this: "{kind}"`
        : `Say what it gives: gives ${output.name.text}: ${describe(found.type!)}`,
    )
  else if (found.nothing !== undefined)
    all.report(
      file,
      value.name,
      "OB612",
      `\`${output.name.text}\` may be nothing: ${found.nothing}.`,
      `Give it something that always answers, last in \`first good { … ${alwaysGood(wanted)} }\`.`,
    )
  return { ...found, wanted, place: value.name }
}

/** What a person can write down of this type, as an example. */
const alwaysGood = (wanted: PortType | undefined): string =>
  wanted?.type === "label"
    ? "unsure"
    : wanted?.type === "number"
      ? `${Math.min(Math.max(wanted.least, 0), wanted.most)}`
      : '"A person will answer."'

/** The value that may have been meant. */
function suggestValue(name: string, { values, gives }: BrainSyntax): string {
  const others = values
    .map((each) => each.name.text)
    .filter((each) => !gives.some((output) => output.name.text === each))
  const hint = suggest(name, others)
  return hint.startsWith("Did") ? `${hint.slice(0, hint.indexOf("?") + 1)} ` : ""
}

function reportUnused(
  { all }: Targets,
  file: FileSyntax,
  brain: BrainSyntax,
  scope: Scope,
  needed: readonly (readonly number[])[],
  places: ReadonlyMap<string, number>,
): void {
  // Nothing leads to an output that has no value: that is told of already.
  if (brain.gives.some(({ name }) => !brain.values.some((each) => each.name.text === name.text))) return
  const reached = new Set<number>()
  const open = brain.gives.flatMap(({ name }) => places.get(name.text) ?? [])
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue
    reached.add(at)
    open.push(...needed[at]!)
  }
  for (const [i, { name }] of brain.values.entries())
    if (!reached.has(i) && places.get(name.text) === i)
      all.report(
        file,
        name,
        "OB605",
        `No output of \`${brain.name.text}\` needs \`${name.text}\`.`,
        "Use it, or take it out.",
      )
  for (const { name, what } of scope.unused())
    all.report(file, name, "OB605", `The ${what} \`${name.text}\` is not used.`, "Use it, or take it out.")
}

import type { Problem } from "../base/problem.ts"
import { suggest } from "../base/problem.ts"
import { counted } from "../base/words.ts"
import type { Condition, Expert, Node } from "./composition.ts"
import { bytesInBraces, joined, utf8Length } from "./join.ts"
import { dependents } from "./nodes.ts"
import { mentions } from "./order.ts"
import { isCertain, NONE, type Signature, type Typed } from "./signature.ts"
import type { CallSyntax, ConditionSyntax, ExpressionSyntax, Place, Word } from "./syntax.ts"
import { describe, misfit, type PortType } from "./types.ts"

/** What a brain says to whoever checks one of its expressions. */
export interface Names {
  /** The value of a name, or a problem that was told of. */
  value(name: Word): Typed
  /** The part of a name; nothing when it is absent or when a problem was told of. */
  part(
    name: Word,
  ): { readonly use: number; readonly signature: Signature | undefined; readonly isOptional: boolean } | undefined
  report(at: Place, code: Problem["code"], seen: string, hint: string): void
  /** Adds a node and says where. */
  add(node: Node): number
  readonly nodes: readonly Node[]
  /** Whether the brain has rules: an answer that is not known beforehand may break one, and is nothing then. */
  readonly hasRules: boolean
  /** Checks with a name that stands for something else meanwhile. */
  standing<T>(name: string, as: Typed, work: () => T): T
  /** The name was meant, though nothing could be made of it. */
  mark(name: string): void
  /** Works without a trace: no node stays, nothing is told of. */
  trial<T>(work: () => T): T
}

type Of<Kind extends ExpressionSyntax["kind"]> = Extract<ExpressionSyntax, { readonly kind: Kind }>

/** `own`: the name of the value that this is the whole of, if it is. Problems: OB601, OB602, OB606 to OB612, OB623, OB625 to OB627. */
export function checkExpression(expression: ExpressionSyntax, names: Names, own?: string): Typed {
  const sure = (node: Node, type: PortType): Typed => ({ node: names.add(node), type, unsure: false, isExpert: false })
  switch (expression.kind) {
    case "text":
      return checkText(expression, names)
    case "number":
      return sure(
        { op: "literal", value: expression.value },
        { type: "number", least: expression.value, most: expression.value },
      )
    case "label":
      return sure({ op: "label", label: expression.label }, { type: "label", labels: [expression.label] })
    case "unsure":
      return { ...sure({ op: "label", label: undefined }, { type: "label", labels: [] }), unsure: true }
    case "name":
      return names.value({ text: expression.name, start: expression.start, end: expression.end })
    case "field":
      return checkField(expression, names)
    case "call":
      return checkCall(expression, names)
    case "within": {
      const of = checkExpression(expression.of, names)
      const node = names.add({ op: "within", of: of.node, ms: expression.ms })
      return { ...of, node, nothing: of.nothing ?? "it may be late" }
    }
    case "route":
      return checkRoute(expression, names)
    case "first":
      return checkFirst(expression, names)
    case "mix":
      return checkMix(expression, names)
    case "repeat":
      if (own !== undefined) return checkRepeat(expression, names, own)
      names.report(
        expression,
        "OB625",
        "`repeat` stands within another expression, and has no name for the value so far.",
        "Give it one: draft is repeat up to 4 times { … }",
      )
      for (const each of [expression.begin, expression.then, expression.until.value]) checkExpression(each, names)
      return NONE
    default:
      return expression satisfies never
  }
}

function checkText(expression: Of<"text">, names: Names): Typed {
  const { text } = expression
  if (expression.pieces === undefined) {
    const type = textType(Math.max(1, utf8Length(text)))
    return { node: names.add({ op: "literal", value: text }), type, unsure: false, isExpert: false }
  }
  const { pieces } = expression
  if (pieces === "unpaired") {
    for (const name of mentions(expression)) names.mark(name.text)
    names.report(
      expression,
      "OB627",
      "A brace in this text has no partner, or holds no name.",
      'Put a name into it, "Hello {name}", or write {{ and }} for braces.',
    )
    return NONE
  }
  let bytesMax = 0
  let nothing: string | undefined
  const parts = pieces.map((piece): string | number => {
    if (piece.kind === "text") {
      bytesMax += utf8Length(piece.text)
      return piece.text
    }
    const found = names.value({ text: piece.text, start: expression.start, end: expression.end })
    nothing ??= found.nothing
    const bytes = found.type && bytesInBraces(found.type)
    if (found.type && bytes === undefined)
      names.report(
        expression,
        "OB607",
        `\`${piece.text}\` is ${describe(found.type)}, which has no text.`,
        "Only a text, a label or a number stands in braces.",
      )
    bytesMax += bytes ?? 0
    return found.node
  })
  const type: PortType = { type: "text", bytesMax: Math.max(1, bytesMax) }
  const node: Node = parts.every((part) => typeof part === "string")
    ? { op: "literal", value: parts.join("") }
    : { op: "join", pieces: parts }
  return { node: names.add(node), type, unsure: false, isExpert: false, ...(nothing ? { nothing } : {}) }
}

/** Large brains are mostly texts, and those of short lengths: one type for each. */
const TEXTS: (PortType | undefined)[] = []
function textType(bytesMax: number): PortType {
  if (bytesMax > 1000) return { type: "text", bytesMax }
  const type = TEXTS[bytesMax] ?? { type: "text", bytesMax }
  TEXTS[bytesMax] = type
  return type
}

function checkField({ field, of }: Of<"field">, names: Names): Typed {
  const found = names.value(of)
  if (found.type === undefined) return NONE
  if (found.type.type !== "record") {
    names.report(
      of,
      "OB626",
      `\`${of.text}\` is ${describe(found.type)}: it has no field to take.`,
      `Say just \`${of.text}\`.`,
    )
    return NONE
  }
  const fields = found.type.fields
  const type = fields.find(({ name }) => name === field.text)?.type
  if (type === undefined) {
    const known = fields.map(({ name }) => name)
    names.report(field, "OB626", `\`${of.text}\` has no field \`${field.text}\`.`, suggest(field.text, known))
    return NONE
  }
  const node = names.add({ op: "field", of: found.node, field: field.text })
  const unsure = type.type === "label"
  return { node, type, unsure, isExpert: false, ...(found.nothing ? { nothing: found.nothing } : {}) }
}

function checkCall(call: CallSyntax, names: Names): Typed {
  const part = names.part(call.part)
  const inputs = call.inputs.map((input) => checkExpression(input, names))
  if (part === undefined) return NONE
  const { signature, use, isOptional } = part
  if (signature === undefined)
    return isOptional
      ? { ...NONE, node: names.add({ op: "call", use, inputs: [] }), nothing: `\`${call.part.text}\` is absent` }
      : NONE
  const { takes, gives } = signature
  if (inputs.length !== takes.length) {
    const wanted = takes.map(({ name }) => name).join(" and ")
    names.report(
      call,
      "OB606",
      `\`${call.part.text}\` takes ${counted(takes.length, "input")}, and here ${inputs.length === 1 ? "is" : "are"} ${inputs.length}.`,
      `Write: ${call.part.text} of ${wanted}`,
    )
  } else
    for (const [i, { type }] of inputs.entries()) {
      const why = type && misfit(type, takes[i]!.type)
      if (why !== undefined)
        names.report(
          call.inputs[i]!,
          "OB607",
          `This does not fit \`${takes[i]!.name}\` of \`${call.part.text}\`, which takes ${describe(takes[i]!.type)}: ${why}.`,
          mend(type!, takes[i]!.type),
        )
    }
  const nothing =
    inputs.find((input) => input.nothing !== undefined)?.nothing ??
    (isOptional ? `\`${call.part.text}\` may be absent` : signature.nothing)
  const isOne = gives.length === 1
  const node = names.add({
    op: "call",
    use,
    inputs: inputs.map((input) => input.node),
    ...(isOne ? {} : { fields: gives.map(({ name }) => name) }),
  })
  return {
    node,
    type: isOne ? gives[0]!.type : { type: "record", fields: gives },
    unsure: isOne && signature.unsure[0]!,
    isExpert: isOne && signature.isExpert,
    ...(nothing === undefined ? {} : { nothing }),
  }
}

/** What to do about a value that does not fit. */
function mend(given: PortType, taken: PortType): string {
  if (given.type === taken.type && (given.type === "text" || given.type === "bytes"))
    return `Let what gives it promise at most ${(taken as typeof given).bytesMax} bytes, or let the part take ${given.bytesMax}.`
  if (taken.type === "text" && (given.type === "label" || given.type === "number"))
    return 'Put it into a text: "{name}".'
  return "Give another value here, or change what the part takes."
}

function checkRoute(route: Of<"route">, names: Names): Typed {
  const on = names.value(route.on)
  const joint: Joint = { type: undefined, unsure: false, nothing: on.nothing }
  const type = on.type
  if (type !== undefined && type.type !== "label") {
    names.report(
      route.on,
      "OB608",
      `\`${route.on.text}\` is ${describe(type)}, and \`route\` goes by a label.`,
      "Name a value that a part gives as a label.",
    )
  }
  const labels = type?.type === "label" ? type.labels : undefined
  const said: string[] = []
  const branches: number[] = []
  let known: Set<string> | undefined // of many labels
  const isSaid = (label: string): boolean => (known ? known.has(label) : said.includes(label))
  let unsure: number | undefined
  let isMistaken = false // then the label that was meant is not missing too
  for (const { labels: named, value } of route.cases) {
    const node = joinIn(joint, checkExpression(value, names), value, names)
    for (const label of named) {
      const isTwice = label.isUnsure ? unsure !== undefined : isSaid(label.text)
      const isKnown = labels === undefined || (label.isUnsure ? on.unsure : labels.includes(label.text))
      if (isTwice || !isKnown) {
        isMistaken = true
        needlessCase(label, isTwice, route.on.text, labels ?? [], names)
      }
      if (label.isUnsure) unsure ??= node
      else if (!isTwice) {
        branches.push(node)
        if (said.push(label.text) === FEW) known = new Set(said)
        else known?.add(label.text)
      }
    }
  }
  const left = labels === undefined || said.length === labels.length ? [] : labels.filter((label) => !isSaid(label))
  let otherwise: number | undefined
  if (route.otherwise) {
    const { value } = route.otherwise
    otherwise = joinIn(joint, checkExpression(value, names), value, names)
    if (labels !== undefined && left.length === 0)
      names.report(
        route.otherwise,
        "OB610",
        "No answer comes here: each label has its `when`.",
        on.unsure && unsure === undefined ? "Write `when unsure:`, if that is meant." : "Leave this branch out.",
      )
  } else if (left.length > 0 && !isMistaken) {
    const shown = left.slice(0, 6).join(", ") + (left.length > 6 ? `, … (${left.length})` : "")
    names.report(
      route.on,
      "OB609",
      `Nothing is said for when \`${route.on.text}\` is ${shown}.`,
      `Add: when ${left.slice(0, 3).join(" or ")}: … – or \`otherwise: …\` for all that are left.`,
    )
  }
  if (labels !== undefined && on.unsure && unsure === undefined)
    names.report(
      route.on,
      "OB609",
      `Nothing is said for when \`${route.on.text}\` is unsure.`,
      "Add: when unsure: … – `otherwise` does not stand for it.",
    )
  const node = names.add({
    op: "route",
    on: on.node,
    labels: said,
    branches,
    ...(unsure === undefined ? {} : { unsure }),
    ...(otherwise === undefined ? {} : { otherwise }),
  })
  return { node, type: joint.type, unsure: joint.unsure, isExpert: false, ...nothingOf(joint.nothing) }
}
/** Problems: OB610, of a label that comes twice or never. */
function needlessCase(
  label: Word & { readonly isUnsure: boolean },
  isTwice: boolean,
  on: string,
  labels: readonly string[],
  { report }: Names,
): void {
  const called = label.isUnsure ? "`unsure`" : `the label \`${label.text}\``
  if (isTwice)
    report(label, "OB610", `No answer comes here: a \`when\` before this one has ${called}.`, "Keep one of the two.")
  else if (label.isUnsure)
    report(label, "OB610", `No answer comes here: \`${on}\` is never unsure.`, "Leave this branch out.")
  else
    report(label, "OB610", `No answer comes here: \`${on}\` is never \`${label.text}\`.`, suggest(label.text, labels))
}
/** So many are looked through one by one. */
const FEW = 32
const nothingOf = (nothing: string | undefined) => (nothing === undefined ? {} : { nothing })

/** What several values come to, one of which is taken. */
interface Joint {
  type: PortType | undefined
  unsure: boolean
  nothing: string | undefined
}
/** Makes the type as wide as this value needs, and gives its node; what is wrong in itself does not count. Problems: OB607. */
function joinIn(joint: Joint, each: Typed, place: Place, names: Names): number {
  joint.unsure ||= each.unsure
  joint.nothing ??= each.nothing
  if (each.type === undefined || joint.type === each.type) return each.node
  const both = joint.type === undefined ? each.type : joined(joint.type, each.type)
  if (both === undefined)
    names.report(
      place,
      "OB607",
      `This is ${describe(each.type)}, and what stands before it is ${describe(joint.type!)}: both must be of one type.`,
      mend(each.type, joint.type!),
    )
  joint.type = both ?? joint.type
  return each.node
}

function checkFirst({ alternatives }: Of<"first">, names: Names): Typed {
  const all = alternatives.map((each) => checkExpression(each, names))
  const mayBreakRules = ({ type, node }: Typed): boolean =>
    names.hasRules && type?.type === "text" && names.nodes[node]?.op !== "literal"
  const isGood = all.some(isCertain)
  const certain = all.findIndex((each) => isCertain(each) && !mayBreakRules(each))
  if (certain >= 0 && certain < all.length - 1)
    names.report(
      alternatives[certain + 1]!,
      "OB611",
      "No answer comes here: what stands before it is always good.",
      "Put what can fail or be unsure first, and what always answers last.",
    )
  const reasons = all.flatMap(({ nothing }) => nothing ?? [])
  const joint: Joint = { type: undefined, unsure: false, nothing: undefined }
  for (const [i, each] of all.entries()) joinIn(joint, each, alternatives[i]!, names)
  return {
    node: names.add({ op: "first", alternatives: all.map(({ node }) => node) }),
    type: joint.type,
    unsure: !isGood && all.some(({ unsure }) => unsure),
    isExpert: false,
    ...(reasons.length === all.length ? { nothing: reasons.at(-1)! } : {}),
  }
}

function checkMix({ experts, ...place }: Of<"mix">, names: Names): Typed {
  const all = experts.map(({ value }) => checkExpression(value, names))
  if (all.some(({ type }) => type === undefined)) return NONE
  const first = all[0]!.type!
  const labels = first.type === "label" ? first.labels : []
  const known = new Set(labels)
  for (const [i, { type, isExpert }] of all.entries()) {
    const own = type!.type === "label" ? type!.labels : []
    const why = !isExpert
      ? "it gives no probabilities"
      : own.length === labels.length && own.every((label) => known.has(label))
        ? undefined
        : `it gives ${describe(type!)}, and the first ${describe(first)}`
    if (why === undefined) continue
    names.report(
      experts[i]!.value,
      "OB623",
      `This is no expert that can be mixed here: ${why}.`,
      "Mix nets that give the same labels; join other answers with `first good` or `route`.",
    )
    return NONE
  }
  if (experts.every(({ weight }) => weight === 0))
    names.report(place, "OB623", "No expert has a say: each has weight 0.", "Give one of them a weight above 0.")
  const mixed = all.map(
    ({ node, type }, i): Expert => ({
      node,
      weight: experts[i]!.weight,
      order: labels.map((label) => (type as { readonly labels: readonly string[] }).labels.indexOf(label)),
    }),
  )
  const reasons = all.flatMap(({ nothing }) => nothing ?? [])
  return {
    node: names.add({ op: "mix", labels, experts: mixed }),
    type: first,
    unsure: true,
    isExpert: true,
    ...(reasons.length === all.length ? { nothing: reasons[0]! } : {}),
  }
}

function checkRepeat(repeat: Of<"repeat">, names: Names, own: string): Typed {
  const begin = checkExpression(repeat.begin, names)
  if (begin.type === undefined) return NONE
  const body = (type: PortType) => {
    const soFar = names.add({ op: "so far" })
    const as: Typed = { node: soFar, type, unsure: type.type === "label", isExpert: false }
    return names.standing(own, as, () => {
      const then = checkExpression(repeat.then, names)
      return { soFar, then, until: checkCondition(repeat.until, names) }
    })
  }
  // What the step gives may be wider than what it began with: then both times are of the wider type.
  // Parts are looked up before, since whoever is told of nothing must not be the first to check them.
  for (const mention of mentions(repeat)) if (mention.isAsked) names.part(mention)
  const narrow = names.trial(() => body(begin.type!))
  const type = narrow.then.type && joined(begin.type, narrow.then.type)
  const from = names.nodes.length
  const { soFar, then, until } = body(type ?? begin.type)
  if (then.type === undefined) return NONE
  const why = type === undefined ? misfit(then.type, begin.type) : misfit(then.type, type)
  if (why !== undefined) {
    names.report(
      repeat.then,
      "OB607",
      `What \`then\` gives does not fit what \`start with\` gives, ${describe(begin.type)}: ${why}.`,
      mend(then.type, begin.type),
    )
    return NONE
  }
  const nothing = [begin, then, until].find((each) => each.nothing !== undefined)?.nothing
  const node = names.add({
    op: "repeat",
    times: repeat.times,
    begin: begin.node,
    soFar,
    step: then.node,
    until: until.condition,
    body: dependents(names.nodes, soFar, from),
  })
  return { node, type: type!, unsure: begin.unsure || then.unsure, isExpert: false, ...nothingOf(nothing) }
}

function checkCondition(
  condition: ConditionSyntax,
  names: Names,
): { readonly condition: Condition; readonly nothing?: string } {
  const value = checkExpression(condition.value, names)
  const wanted = condition.test === "is" ? "label" : "number"
  if (value.type !== undefined && value.type.type !== wanted)
    names.report(
      condition.value,
      "OB607",
      `This is ${describe(value.type)}, and \`${condition.test}\` asks a ${wanted}.`,
      wanted === "label" ? "For a number write `above` or `below`." : "For a label write `is`.",
    )
  const nothing = nothingOf(value.nothing)
  if (condition.test !== "is")
    return { condition: { test: condition.test, node: value.node, bound: condition.bound }, ...nothing }
  const labels = condition.labels.filter(({ isUnsure }) => !isUnsure)
  if (value.type?.type === "label")
    for (const { text, ...place } of labels)
      if (!value.type.labels.includes(text))
        names.report(place, "OB610", `It is never \`${text}\`.`, suggest(text, value.type.labels))
  return {
    condition: {
      test: "is",
      node: value.node,
      labels: labels.map(({ text }) => text),
      unsure: condition.labels.some(({ isUnsure }) => isUnsure),
    },
    ...nothing,
  }
}

import type { CheckedBrain, Condition, Node, Rule } from "../composition/composition.ts"
import { UNSURE } from "../composition/join.ts"
import { holds } from "../composition/rules.ts"
import { mixed, type Say } from "./labels.ts"
import { type Answered, isNothing, type LabelValue, type Nothing, type Outcome, type Part, type Value } from "./part.ts"

/** What core does not touch itself. */
export interface Clock {
  /** Milliseconds, from any beginning. */
  now(): number
  /** Calls once, after so many milliseconds; what it gives takes the call back. */
  after(ms: number, call: () => void): () => void
}

/** What a part was asked and what it answered, as a trace shows it. */
export interface Step {
  /** The brain that asked, and what it calls the part. */
  readonly brain: string
  readonly part: string
  readonly inputs: readonly Value[]
  readonly output: Outcome
  /** Milliseconds since the whole was asked, and how long it took. */
  readonly startMs: number
  readonly ms: number
  /** Of the brain's own, which part of an answer it was: the steps of brains within are among it. */
  readonly depth: number
  /** What the experts of a mix said for the answer. */
  readonly says?: readonly Say[]
}
export interface Trace {
  readonly steps: Step[]
  readonly depth: number
  readonly startMs: number
}

type Later<T> = T | Promise<T>
/** One answer on its way: what each node came to, once it did. */
interface Frame {
  readonly inputs: readonly Value[]
  readonly values: (Later<Outcome> | undefined)[]
  readonly trace: Trace | undefined
}
type Evaluate = (frame: Frame) => Later<Outcome>

/** Goes on at once where the value is there: a brain whose parts answer at once does so too. */
const then = <From, To>(value: Later<From>, next: (value: From) => Later<To>): Later<To> =>
  value instanceof Promise ? value.then(next) : next(value)
const nothing = (reason: string): Nothing => ({ nothing: reason })

/**
 * A brain with its parts opened, as a part. A value is worked out when it is needed, once an answer; parts that are asked
 * together run at the same time, if they can.
 */
export function openEvaluator(brain: CheckedBrain, parts: readonly (Part | undefined)[], clock: Clock) {
  const evaluators = brain.nodes.map((node, at) => memoised(at, plain(node)))
  const outputs = brain.outputs.map((node, output) => {
    const rules = brain.rules.filter((rule) => rule.output === output)
    return rules.length === 0 ? of(node) : ruled(node, rules)
  })
  const isLast = brain.outputs.length === 1

  /** Gives all outputs, or what the first that is nothing says. */
  function ask(inputs: readonly Value[], trace?: Trace): Later<Answered> {
    const frame: Frame = { inputs, values: new Array<undefined>(brain.nodes.length), trace }
    if (isLast) return then(outputs[0]!(frame), (value) => (isNothing(value) ? value : [value]))
    const found = outputs.map((each) => each(frame))
    return then(all(found), (values) => values.find(isNothing) ?? (values as readonly Value[]))
  }
  return ask

  function of(at: number): Evaluate {
    return (frame) => evaluators[at]!(frame)
  }
  function memoised(at: number, work: Evaluate): Evaluate {
    return (frame) => {
      const known = frame.values[at]
      if (known !== undefined) return known
      const found = work(frame)
      frame.values[at] = found
      return found
    }
  }

  function plain(node: Node): Evaluate {
    switch (node.op) {
      case "input":
        return ({ inputs }) => inputs[node.input]!
      case "literal":
        return () => node.value
      case "label": {
        const value: LabelValue = { label: node.label }
        return () => value
      }
      case "so far":
        return () => {
          throw new Error("bug: a value so far outside its repeat")
        }
      case "join":
        return (frame) =>
          then(all(node.pieces.map((piece) => (typeof piece === "string" ? piece : of(piece)(frame)))), (pieces) => {
            const missing = pieces.find(isNothing)
            return missing ?? pieces.map((piece) => spelt(piece as Value)).join("")
          })
      case "field":
        return (frame) =>
          then(of(node.of)(frame), (value) =>
            isNothing(value)
              ? value
              : (value as { readonly fields: Readonly<Record<string, Value>> }).fields[node.field]!,
          )
      case "call":
        return call(node, undefined)
      case "within":
        return cutOff(node)
      case "route": {
        const choose = chosen(node)
        return (frame) => then(choose(frame), (next) => (typeof next === "number" ? of(next)(frame) : next))
      }
      case "first":
        return firstGood(node.alternatives.map(of))
      case "mix":
        return mix(node)
      case "repeat":
        return repeat(node)
      default:
        return node satisfies never
    }
  }

  function call(node: Extract<Node, { op: "call" }>, withinMs: number | undefined): Evaluate {
    const { name, of: target } = brain.uses[node.use]!
    const part = parts[node.use]
    if (part === undefined) {
      const answer = nothing("absent" in target ? `\`${name}\` is absent: ${target.absent}` : `\`${name}\` is absent`)
      return () => answer
    }
    const cutoff = withinMs === undefined ? undefined : { withinMs }
    const { fields, inputs } = node
    const pack = (answered: Answered): Outcome => {
      if (!Array.isArray(answered)) return answered as Nothing
      if (fields === undefined) return answered[0]!
      return { fields: Object.fromEntries(fields.map((field, i) => [field, answered[i]!])) }
    }
    const asked = (frame: Frame, values: readonly Value[]): Later<Outcome> => {
      const { trace } = frame
      if (trace === undefined) return then(part.ask(values, cutoff), pack)
      const startMs = clock.now()
      const within: Trace = { steps: [], depth: trace.depth + 1, startMs: trace.startMs }
      const answered = "askTraced" in part ? (part as TracedPart).askTraced(values, within) : part.ask(values, cutoff)
      return then(then(answered, pack), (output) => {
        const ms = clock.now() - startMs
        const { depth } = trace
        trace.steps.push({
          brain: brain.name,
          part: name,
          inputs: values,
          output,
          startMs: startMs - trace.startMs,
          ms,
          depth,
        })
        trace.steps.push(...within.steps)
        return output
      })
    }
    if (inputs.length === 1) {
      const only = inputs[0]!
      return (frame) => then(of(only)(frame), (value) => (isNothing(value) ? value : asked(frame, [value])))
    }
    return (frame) =>
      then(all(inputs.map((input) => of(input)(frame))), (values) => {
        const missing = values.find(isNothing)
        return missing ?? asked(frame, values as readonly Value[])
      })
  }

  function cutOff({ of: inner, ms }: Extract<Node, { op: "within" }>): Evaluate {
    const node = brain.nodes[inner]!
    const evaluate = node.op === "call" ? call(node, ms) : of(inner)
    return (frame) => {
      const value = evaluate(frame)
      if (!(value instanceof Promise)) return value
      return new Promise((resolve, reject) => {
        const cancel = clock.after(ms, () => resolve(nothing(`it took longer than ${ms} ms`)))
        value.then(resolve, reject).finally(cancel)
      })
    }
  }

  function chosen(node: Extract<Node, { op: "route" }>): (frame: Frame) => Later<number | Nothing> {
    const cases = new Map(node.labels.map((label, i) => [label, node.branches[i]!]))
    return (frame) =>
      then(of(node.on)(frame), (value) => {
        if (isNothing(value)) return value
        const { label } = value as LabelValue
        const next = label === undefined ? node.unsure : (cases.get(label) ?? node.otherwise)
        return next ?? nothing(`no branch is for ${label ?? UNSURE}`)
      })
  }

  function mix({ labels, experts }: Extract<Node, { op: "mix" }>): Evaluate {
    return (frame) =>
      then(all(experts.map(({ node }) => of(node)(frame))), (values) => {
        const heard = values.map((value) => (isNothing(value) ? undefined : (value as LabelValue)))
        if (heard.every((value) => value === undefined)) return values.find(isNothing)!
        const { says, ...value } = mixed(labels, experts, heard)
        frame.trace?.steps.push({
          brain: brain.name,
          part: "mix",
          inputs: heard.filter((each) => each !== undefined),
          output: value,
          startMs: clock.now() - frame.trace.startMs,
          ms: 0,
          depth: frame.trace.depth,
          says,
        })
        return value
      })
  }

  function repeat(node: Extract<Node, { op: "repeat" }>): Evaluate {
    const forget = (frame: Frame, soFar: Outcome): void => {
      for (const each of node.body) frame.values[each] = undefined
      frame.values[node.soFar] = soFar
    }
    const round = (frame: Frame, soFar: Outcome, left: number): Later<Outcome> => {
      if (isNothing(soFar)) return soFar
      forget(frame, soFar)
      return then(of(node.until.node)(frame), (value) => {
        if (isNothing(value)) return value
        if (meets(node.until, value) || left === 0) return soFar
        return then(of(node.step)(frame), (next) => round(frame, next, left - 1))
      })
    }
    return (frame) => then(of(node.begin)(frame), (begin) => round(frame, begin, node.times))
  }

  /** The value of an output that keeps its rules: of a `first good` that it comes to, an alternative that breaks one is none. */
  function ruled(at: number, rules: readonly Rule[]): Evaluate {
    const node = brain.nodes[at]!
    switch (node.op) {
      case "route": {
        const next = new Map<number, Evaluate>()
        for (const each of [...node.branches, node.unsure, node.otherwise])
          if (each !== undefined && !next.has(each)) next.set(each, ruled(each, rules))
        const choose = chosen(node)
        return (frame) => then(choose(frame), (at) => (typeof at === "number" ? next.get(at)!(frame) : at))
      }
      case "first":
        return firstGood(node.alternatives.map((each) => ruled(each, rules)))
      default:
        return (frame) => then(of(at)(frame), (value) => kept(value, rules))
    }
  }
}

/** A part that tells what happened within it. */
export interface TracedPart extends Part {
  askTraced(inputs: readonly Value[], trace: Trace): Later<Answered>
}

const all = (values: readonly Later<Outcome>[]): Later<readonly Outcome[]> =>
  values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as readonly Outcome[])

const isUnsure = (value: Outcome): boolean => typeof value === "object" && "label" in value && value.label === undefined

/** The first that is neither nothing nor unsure; else the first that is unsure; else nothing, with all reasons. */
function firstGood(alternatives: readonly Evaluate[]): Evaluate {
  const from = (frame: Frame, at: number, unsure: Outcome | undefined, reasons: readonly string[]): Later<Outcome> => {
    if (at === alternatives.length) return unsure ?? nothing(reasons.join("; "))
    return then(alternatives[at]!(frame), (value) => {
      if (isNothing(value)) return from(frame, at + 1, unsure, [...reasons, value.nothing])
      if (isUnsure(value)) return from(frame, at + 1, unsure ?? value, reasons)
      return value
    })
  }
  return (frame) => from(frame, 0, undefined, [])
}

function kept(value: Outcome, rules: readonly Rule[]): Outcome {
  if (isNothing(value)) return value
  for (const { kind, text } of rules)
    if (holds(value as string, text) !== (kind === "require"))
      return nothing(kind === "require" ? `the answer lacks "${text}"` : `the answer contains "${text}"`)
  return value
}

function meets(condition: Condition, value: Value): boolean {
  switch (condition.test) {
    case "is": {
      const { label } = value as LabelValue
      return label === undefined ? condition.unsure : condition.labels.includes(label)
    }
    case "above":
      return (value as number) > condition.bound
    case "below":
      return (value as number) < condition.bound
    default:
      return condition satisfies never
  }
}

/** A value in a text. */
const spelt = (value: Value): string => {
  if (typeof value === "string") return value
  if (typeof value === "number") return `${value}`
  return (value as LabelValue).label ?? UNSURE
}

import { refuse, suggest } from "../base/problem.ts"
import type { CheckedBrain, CheckedModule, Composition, Target } from "../composition/composition.ts"
import type { Port, PortType } from "../composition/types.ts"
import { describe, elementOf } from "../composition/types.ts"
import { type Clock, openEvaluator, type Step, type Trace, type TracedPart } from "./evaluate.ts"
import { isNothing, type Nothing, type Outcome, type Part, type Value } from "./part.ts"
import { checkValue, plainOf } from "./values.ts"

/** What opens the modules of a brain, and the time. */
export interface Openers {
  /** Opens a module: for each use that has a state of its own once, for the others once in all. */
  open(module: CheckedModule): Part | Promise<Part>
  readonly clock: Clock
}

/** A brain that is ready to answer. */
export interface OpenBrain {
  readonly name: string
  readonly about: string
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  /** Answers at once where all that it asks does. Errors: OB630 for inputs that are not what it takes. */
  ask(inputs: Inputs): BrainAnswer | Promise<BrainAnswer>
  /** The same, and what each part was asked and answered on the way. */
  trace(inputs: Inputs): Promise<TracedAnswer>
  /** Forgets the state of its parts. */
  reset(): void
  close(): Promise<void>
}
/** By name; a brain of one input takes it bare. */
export type Inputs = Value | Readonly<Record<string, Value>>
export interface BrainAnswer {
  /** By name: each its value, or nothing and why. */
  readonly outputs: Readonly<Record<string, Outcome>>
  /** The bytes of texts that were not read, since the brain takes fewer. */
  readonly bytesCut: number
}
export interface TracedAnswer extends BrainAnswer {
  readonly steps: readonly Step[]
  readonly ms: number
}

/** Opens a checked brain: each module once, and those with a state once a use, unless uses share it by name. */
export async function openComposition({ modules, brains }: Composition, { open, clock }: Openers): Promise<OpenBrain> {
  const opened = new Map<number, Promise<Part>>() // modules, and brains, without a state
  const openedBrains = new Map<number, Promise<TracedPart>>()
  const shared = new Map<string, Promise<Part>>()
  const all: Part[] = []
  const hasState = brains.map(() => false)
  for (const [i, { uses }] of brains.entries())
    hasState[i] = uses.some(
      ({ of }) => ("module" in of && remembers(modules[of.module]!)) || ("brain" in of && hasState[of.brain] === true),
    )
  const once = <Opened extends Part>(known: Map<number, Promise<Opened>>, at: number, work: () => Promise<Opened>) => {
    const found = known.get(at) ?? work()
    known.set(at, found)
    return found
  }
  const openModule = async (at: number): Promise<Part> => {
    const part = await open(modules[at]!)
    all.push(part)
    return part
  }
  const openTarget = (target: Target): Promise<Part> => {
    if ("brain" in target)
      return hasState[target.brain]
        ? openBrain(target.brain)
        : once(openedBrains, target.brain, () => openBrain(target.brain))
    return remembers(modules[target.module]!)
      ? openModule(target.module)
      : once(opened, target.module, () => openModule(target.module))
  }
  async function openBrain(at: number): Promise<TracedPart> {
    const brain = brains[at]!
    const parts: (Part | undefined)[] = []
    for (const { of, shared: name } of brain.uses) {
      if ("absent" in of) parts.push(undefined)
      else if (name === undefined) parts.push(await openTarget(of))
      else {
        const found = shared.get(name) ?? openTarget(of)
        shared.set(name, found)
        parts.push(await found)
      }
    }
    const evaluate = openEvaluator(brain, parts, clock)
    return { ask: (inputs) => evaluate(inputs), askTraced: evaluate }
  }
  const last = brains.length - 1
  const main = await openBrain(last)
  return facade(brains[last]!, main, clock, all)
}

const remembers = ({ kind, isStepped }: CheckedModule): boolean => kind === "code" || isStepped === true

function facade(brain: CheckedBrain, main: TracedPart, clock: Clock, parts: readonly Part[]): OpenBrain {
  const { name, about, takes, gives } = brain
  const packed = (answered: readonly Value[] | { readonly nothing: string }): BrainAnswer["outputs"] =>
    Object.fromEntries(gives.map((port, i) => [port.name, isList(answered) ? answered[i]! : answered]))
  return {
    name,
    about,
    takes,
    gives,
    ask(inputs) {
      const { values, bytesCut } = read(takes, inputs)
      const answered = main.ask(values, undefined)
      return answered instanceof Promise
        ? answered.then((found) => ({ outputs: packed(found), bytesCut }))
        : { outputs: packed(answered), bytesCut }
    },
    async trace(inputs) {
      const { values, bytesCut } = read(takes, inputs)
      const startMs = clock.now()
      const trace: Trace = { steps: [], depth: 0, startMs }
      const answered = await main.askTraced(values, trace)
      return { outputs: packed(answered), bytesCut, steps: trace.steps, ms: clock.now() - startMs }
    },
    reset() {
      for (const part of parts) part.reset?.()
    },
    async close() {
      await Promise.all(parts.map((part) => part.close?.()))
    },
  }
}
const isList = (value: readonly Value[] | { readonly nothing: string }): value is readonly Value[] =>
  Array.isArray(value)

/** Inputs in their order, texts cut to what is taken. Errors: OB630. */
function read(
  takes: readonly Port[],
  inputs: Inputs,
): { readonly values: readonly Value[]; readonly bytesCut: number } {
  let bytesCut = 0
  const one = (port: Port, value: Value): Value => {
    const found = fitted(elementOf(port.type), value)
    if (isNothing(found))
      return refuse({
        code: "OB630",
        seen: `\`${port.name}\` was given ${found.nothing}.`,
        hint: "Give it a value of that type.",
      })
    bytesCut += found.bytesCut
    return found.value
  }
  if (typeof inputs !== "object" || !isNamed(inputs)) {
    if (takes.length !== 1)
      return refuse({
        code: "OB630",
        seen: `This brain takes ${takes.map((port) => port.name).join(" and ")}, and was given one value without a name.`,
        hint: `Give each by its name: { ${takes.map((port) => `"${port.name}": …`).join(", ")} }`,
      })
    return { values: [one(takes[0]!, inputs as Value)], bytesCut }
  }
  const known = takes.map((port) => port.name)
  for (const name of Object.keys(inputs))
    if (!known.includes(name))
      refuse({
        code: "OB630",
        seen: `This brain takes no \`${name.slice(0, 64)}\`.`,
        hint: suggest(name.slice(0, 64), known),
      })
  const values = takes.map((port) => {
    const value = Object.hasOwn(inputs, port.name) ? inputs[port.name] : undefined
    if (value === undefined)
      return refuse({ code: "OB630", seen: `There is no \`${port.name}\`.`, hint: `It takes ${describe(port.type)}.` })
    return one(port, value)
  })
  return { values, bytesCut }
}
/** Values are no plain objects but for labels and records, which have a member of their own. */
const isNamed = (inputs: Value | Readonly<Record<string, Value>>): inputs is Readonly<Record<string, Value>> =>
  typeof inputs === "object" &&
  !(inputs instanceof Uint8Array) &&
  !(inputs instanceof Float32Array) &&
  !("label" in inputs && !(typeof inputs.label === "object")) &&
  !("fields" in inputs)

interface Fitted {
  readonly value: Value
  readonly bytesCut: number
}
const encoder = new TextEncoder()
/** The value as a port takes it, a text cut to its length; why not, when it is of another type or out of its range. */
function fitted(type: PortType, value: Value): Fitted | Nothing {
  if (type.type !== "text" || typeof value !== "string") {
    const found = checkValue(plainOf(value), type)
    return isNothing(found) ? found : { value: found, bytesCut: 0 }
  }
  if (3 * value.length <= type.bytesMax) return { value, bytesCut: 0 }
  const { read: units, written } = encoder.encodeInto(value, new Uint8Array(type.bytesMax))
  if (units === value.length) return { value, bytesCut: 0 }
  return { value: value.slice(0, units), bytesCut: encoder.encode(value).length - written }
}

import { type Digest, digest } from "../base/digest.ts"
import { DTYPE, type Numbers } from "../base/dtype.ts"
import { canonicalJson } from "../base/json.ts"
import { type Problem, Refusal, refuse, suggest } from "../base/problem.ts"
import { sameShape, sizeOf } from "../base/shape.ts"
import type { Engine } from "../engine/engine.ts"
import type { Dims } from "../graph/dims.ts"
import { entriesToJson, type Net } from "../graph/dims_text.ts"
import { type Arrays, type HistoryLimits, historyFrom, recorded, rewound } from "./history.ts"
import { type Call, printLog, readLog, wrongLine } from "./log.ts"
import { type Machine, machineOf } from "./machine.ts"
import type { Ports } from "./net_program.ts"
import { canonical, digestOf, type Home, readSnapshot, type Tensors, writeSnapshot } from "./state.ts"

/** How much an open net keeps. */
export interface NetLimits extends HistoryLimits {
  /** Bindings that stay compiled beside the maxima. */
  readonly bindingsMax: number
}
export const NET_LIMITS: NetLimits = { bindingsMax: 8, undoMax: 1024, copyEvery: 256 }

/** A net with weights and a state, on an engine. Calls take place one after another. */
export interface OpenNet {
  /** Runs an entry; dims that are not named are at their maxima. The arrays are the caller's. Errors: OB330, OB333. */
  call(entry: string, inputs?: Arrays, dims?: Dims): Arrays
  /** SHA-256 of the state: equal for equal states, on every engine. */
  digest(): Digest
  /** The state as a file. */
  snapshot(): Uint8Array
  /** Takes the state of a snapshot; what was done before cannot be undone any more. Errors: OB13x, OB334. */
  restore(snapshot: Uint8Array): void
  /** How many calls that changed the state can be undone. */
  undoable(): number
  /** Takes back the last calls that changed the state. Errors: OB336 when fewer are kept. */
  undo(calls: number): void
  /** What is kept: a snapshot, and the calls since then as a log. */
  history(): { readonly snapshot: Uint8Array; readonly log: string }
  /**
   * Does the calls of a log again, as far as it is whole: how many, and what is wrong with the next one, if anything.
   * Errors: OB335 when the log begins at another state, or has no beginning.
   */
  replay(log: string): { readonly calls: number; readonly problem?: Problem }
}

/**
 * Opens a net: its entries over one memory. Weights that no entry changes must be given; a state that is not begins as 0.
 * Errors: OB332 when the entries do not fit together, OB333 for weights that do not fit, OB210.
 */
export function openNet(net: Net, weights: Tensors, engine: Engine, limits: NetLimits = NET_LIMITS): OpenNet {
  const machine = machineOf(net, engine, limits.bindingsMax)
  fillWeights(machine, net, weights)
  const stored = storeOf(machine, net)
  const changes = new Set(
    Object.entries(net.at(net.maxima)).flatMap(([entry, { updates }]) => (updates ? [entry] : [])),
  )
  let history = historyFrom(stored.copy())
  const call = (each: Call): Arrays => {
    const outputs = run(machine, each)
    if (changes.has(each.entry)) history = recorded(history, each, stored.copy, limits)
    return outputs
  }
  return {
    call: (entry, inputs = {}, dims = {}) => call({ entry, dims: { ...dims }, inputs: copyOf(inputs) }),
    digest: () => digestOf(stored.tensors(stored.copy())),
    snapshot: () => writeSnapshot(stored.home(), stored.tensors(stored.copy())),
    restore(snapshot) {
      const tensors = readSnapshot(stored.home(), snapshot)
      stored.put(Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data])))
      history = historyFrom(stored.copy())
    },
    undoable: () => history.calls.length,
    undo(calls) {
      if (!Number.isInteger(calls) || calls < 0 || calls > history.calls.length) tooFar(calls, history.calls.length)
      const back = rewound(history, calls)
      stored.put(back.state)
      for (const each of back.again) run(machine, each)
      history = back.history
    },
    history() {
      const tensors = stored.tensors(history.copies[0]!.state)
      const start = { net: stored.home().net, state: digestOf(tensors) }
      return { snapshot: writeSnapshot(stored.home(), tensors), log: printLog(start, history.calls) }
    },
    replay(log) {
      const { start, calls, problem } = readLog(log)
      if (!start) return refuse(problem!)
      const state = digestOf(stored.tensors(stored.copy()))
      if (start.net !== stored.home().net) elsewhere("net", start.net, stored.home().net)
      if (start.state !== state) elsewhere("state", start.state, state)
      for (const [done, each] of calls.entries())
        try {
          call(each)
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          return { calls: done, problem: wrongLine(done + 1, `cannot be done: ${error.problems[0]!.seen}`) }
        }
      return { calls: calls.length, ...(problem ? { problem } : {}) }
    },
  }
}

/** The state of a machine: copied out, put back, named and digested. */
interface Store {
  copy(): Arrays
  put(state: Arrays): void
  tensors(state: Arrays): Tensors
  home(): Home
}
function storeOf(machine: Machine, net: Net): Store {
  const values = Object.entries(machine.whole.weights)
  const tensorsOf = (names: readonly string[], of: (name: string) => Numbers): Tensors =>
    Object.fromEntries(names.map((name) => [name, { ...machine.whole.weights[name]!, data: canonical(of(name)) }]))
  const names = values.flatMap(([name]) => (Object.hasOwn(net.state, name) ? [name] : []))
  let home: Home | undefined
  return {
    copy: () => Object.fromEntries(names.map((name) => [name, machine.buffer(name).slice()])),
    put(state) {
      for (const name of names) machine.buffer(name).set(state[name]!)
      machine.touch()
    },
    tensors: (state) => tensorsOf(names, (name) => state[name]!),
    home() {
      const fixed = values.flatMap(([name]) => (Object.hasOwn(net.state, name) ? [] : [name]))
      home ??= {
        net: digest(canonicalJson(entriesToJson(net.at(net.maxima)))),
        weights: digestOf(tensorsOf(fixed, machine.buffer)),
        state: Object.fromEntries(
          names.map((name) => [name, { ...machine.whole.weights[name]!, version: net.state[name]! }]),
        ),
      }
      return home
    },
  }
}

function run(machine: Machine, { entry, inputs, dims }: Call): Arrays {
  const known = Object.keys(machine.whole.ports)
  if (!known.includes(entry)) unfit(`there is no entry \`${entry.slice(0, 64)}\``, suggest(entry.slice(0, 64), known))
  const { ports, run } = machine.bind(entry, dims)
  checkInputs(entry, ports, inputs)
  for (const [name, { buffer }] of Object.entries(ports.inputs)) machine.buffer(buffer).set(inputs[name]!)
  run()
  const read = Object.entries(ports.outputs).map(([name, { buffer, shape }]) => {
    const whole = machine.buffer(buffer)
    return [name, whole.slice(0, sizeOf(shape))] as const
  })
  return Object.fromEntries(read)
}
const copyOf = (arrays: Arrays): Arrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]))

function checkInputs(entry: string, { inputs }: Ports, given: Arrays): void {
  const stray = Object.keys(given).find((name) => !Object.hasOwn(inputs, name))
  if (stray !== undefined) unfit(`\`${entry}\` takes no \`${stray.slice(0, 64)}\``, suggest(stray, Object.keys(inputs)))
  for (const [name, { dtype, shape }] of Object.entries(inputs)) {
    const [array, length, data] = [DTYPE[dtype].array, sizeOf(shape), given[name]]
    if (data?.constructor === array && data.length === length) continue
    const seen = data ? `a ${data.constructor.name} of ${data.length}` : "nothing"
    unfit(`\`${name}\` of \`${entry}\` is ${seen}`, `Give a ${array.name} of ${length}, for a shape of [${shape}].`)
  }
}

/** Weights into the memory of a machine. Errors: OB333 for one that is missing and no state, or of another type. */
export function fillWeights({ whole, buffer, touch }: Machine, net: Net, weights: Tensors): void {
  for (const [name, { dtype, shape }] of Object.entries(whole.weights)) {
    const given = Object.hasOwn(weights, name) ? weights[name] : undefined
    if (!given && Object.hasOwn(net.state, name)) continue
    if (given?.dtype !== dtype || !sameShape(given.shape, shape))
      return unfit(
        `weight \`${name}\` is ${given ? `${given.dtype}[${given.shape}]` : "nothing"}`,
        `Give ${dtype}[${shape}].`,
      )
    buffer(name).set(given.data)
  }
  touch()
}

const unfit = (seen: string, hint: string): never => refuse({ code: "OB333", seen: `It does not fit: ${seen}.`, hint })
const tooFar = (calls: number, kept: number): never =>
  refuse({
    code: "OB336",
    seen: `${calls} calls cannot be undone.`,
    hint: `Give a whole number up to ${kept}: so many are kept.`,
  })
const elsewhere = (what: string, begins: Digest, here: Digest): never =>
  refuse({
    code: "OB335",
    seen: `The log begins at another ${what}: ${begins}, not ${here}.`,
    hint: "Restore the snapshot that belongs to it first.",
  })

import { DTYPE, type Numbers } from "../base/dtype.ts"
import { log2 } from "../base/logarithm.ts"
import { assert } from "../base/problem.ts"
import { instantiate } from "../compile.ts"
import type { Engine, Instance } from "../engine/engine.ts"
import { OWN_LIMITS } from "../ir/limits.ts"
import type { Program } from "../ir/program.ts"
import { CODE_MAX } from "../mix/coder.ts"
import { carriedBy, type Expert } from "../mix/expert.ts"
import { type HarnessOptions, harness, MODE } from "../mix/harness.ts"
import { mixerInputs } from "../mix/linked.ts"
import { isInputWeights } from "../mix/mixer.ts"

/** A predictor of bytes on an engine: it says what it expects, then is shown what came. */
export interface Predictor {
  readonly experts: readonly Expert[]
  readonly program: Program
  /** Bytes of its state and of what it works with. */
  readonly memoryBytes: number
  /** Shows it bytes: the bits that they cost, each scored before anything is learnt from it. `each` gets those of every byte. */
  read(bytes: Uint8Array, options: { readonly learns: boolean; readonly each?: Float64Array }): number
  /** How likely each byte is to be next, as far as the bits of a byte do not change it while they are learnt; sums to 1. Changes nothing. */
  distribution(): Float64Array
  /** Codes a byte: what can be passed on by now. */
  encode(byte: number): Uint8Array
  /** The byte that the code tells of, which `source` gives a byte at a time. */
  decode(source: () => number): number
  /** Ends a code, or opens one to decode. */
  finish(): Uint8Array
  open(source: () => number): void
  /** Whether each expert is asked; who is not neither votes nor learns. */
  readonly enabled: Uint8Array
  /** What does not depend on learning, to come back to after bytes that were only tried. */
  mark(): Mark
  rewind(mark: Mark): void
  /** All of its state, and back. */
  state(): Readonly<Record<string, Numbers>>
  put(state: Readonly<Record<string, Numbers>>): void
  reset(): void
  /**
   * Takes over all that another predictor learnt, whose experts may be others: what both have goes on, who is new begins with
   * weight nothing, and who is gone takes its weights along.
   */
  adopt(other: Predictor): void
  readonly instance: Instance
}
export interface Mark {
  readonly carried: Readonly<Record<string, Numbers>>
  readonly position: number
  readonly recent: Uint8Array
}

/** Bits of a chance in units of 2⁻¹⁶. */
let costs: Float64Array | undefined
const costsOf = (): Float64Array =>
  (costs ??= Float64Array.from({ length: 65537 }, (_, i) => (i === 0 ? 16 : 16 - log2(i))))

/** Errors: OB210, OB212 for experts that are not sound. */
export function openPredictor(experts: readonly Expert[], options: HarnessOptions, engine: Engine): Predictor {
  const program = harness(experts, options)
  const instance = instantiate(program, engine, undefined, OWN_LIMITS)
  const { memory } = instance
  const [mode, learning, next, chances, tree] = ["mode", "learning", "next", "chances", "tree"].map(
    (name) => memory[name]!,
  )
  const enabled = memory["enabled"]! as Uint8Array
  const bits = costsOf()
  const stateNames = program.buffers.filter(({ access }) => access === "state").map(({ name }) => name)
  const carried = new Set(
    experts.flatMap((expert) => carriedBy(expert.program).map((inner) => `${expert.name}_${inner}`)),
  )
  const moved = stateNames.filter((name) => carried.has(name) || name === "position" || name === "partial")
  const reset = (): void => {
    for (const name of stateNames) memory[name]!.fill(0)
    instance.entries["reset"]!()
  }
  const step = (): number => {
    instance.run()
    let cost = 0
    for (let k = 0; k < 8; k++) cost += bits[chances![k]!]!
    return cost
  }
  const waiting: number[] = [] // code that was fetched, but not used
  enabled.fill(1)
  reset()
  return {
    experts,
    program,
    memoryBytes: program.buffers.reduce(
      (sum, { length, dtype, access }) => sum + (access === "constant" ? 0 : length * DTYPE[dtype].bytes),
      0,
    ),
    instance,
    enabled,
    read(bytes, { learns, each }) {
      mode![0] = MODE.score
      learning![0] = learns ? 1 : 0
      let total = 0
      for (let i = 0; i < bytes.length; i++) {
        next![0] = bytes[i]!
        const cost = step()
        total += cost
        if (each) each[i] = cost
      }
      return total
    },
    distribution() {
      mode![0] = MODE.distribution
      learning![0] = 0
      instance.run()
      const found = new Float64Array(256)
      const share = new Float64Array(256)
      share[1] = 1
      for (let n = 1; n < 256; n++) {
        const one = tree![n]! / 65536
        const to = n < 128 ? share : found
        const at = n < 128 ? 2 * n : 2 * n - 256
        to[at] = share[n]! * (1 - one)
        to[at + 1] = share[n]! * one
      }
      return found
    },
    encode(byte) {
      mode![0] = MODE.encode
      learning![0] = 1
      next![0] = byte
      instance.run()
      return (memory["code"]! as Uint8Array).slice(0, memory["moved"]![0]!)
    },
    decode(source) {
      const coded = memory["coded"]! as Uint8Array
      // What the last byte did not need is first in line for this one.
      for (; waiting.length < CODE_MAX; ) waiting.push(source())
      coded.set(waiting)
      mode![0] = MODE.decode
      learning![0] = 1
      instance.run()
      waiting.splice(0, memory["moved"]![0]!)
      return memory["byte"]![0]!
    },
    finish: () => Uint8Array.of(((memory["interval"]![0]! >>> 24) + 1) & 255),
    open(source) {
      waiting.length = 0
      let code = 0
      for (let i = 0; i < 4; i++) code = (code << 8) | source()
      memory["interval"]![2] = code
    },
    mark() {
      const history = memory["history"]! as Uint8Array
      const position = memory["position"]![0]!
      const recent = new Uint8Array(RECENT)
      for (let i = 0; i < Math.min(RECENT, history.length); i++)
        recent[i] = history[(position + i) & (history.length - 1)]!
      return { carried: Object.fromEntries(moved.map((name) => [name, memory[name]!.slice()])), position, recent }
    },
    rewind(mark) {
      const history = memory["history"]! as Uint8Array
      const tried = (memory["position"]![0]! - mark.position) | 0
      assert(tried >= 0 && tried <= RECENT, `${tried} bytes were tried since the mark`)
      for (let i = 0; i < tried; i++) history[(mark.position + i) & (history.length - 1)] = mark.recent[i]!
      for (const name of moved) memory[name]!.set(mark.carried[name]!)
    },
    state: () => Object.fromEntries(stateNames.map((name) => [name, memory[name]!.slice()])),
    put(state) {
      for (const name of stateNames) memory[name]!.set(state[name]!)
    },
    reset,
    adopt(other) {
      const theirs = other.state()
      const [from, to] = [mixerInputs(other.experts), mixerInputs(experts)]
      const places = to.map(({ expert, vote }) =>
        from.findIndex((each) => each.expert === expert && each.vote === vote),
      )
      const [width, widthThere] = [memory["inputs"]!.length, other.instance.memory["inputs"]!.length]
      for (const name of stateNames) {
        const [here, there] = [memory[name]!, theirs[name]]
        if (there === undefined) continue
        if (!isInputWeights(name)) {
          if (there.length === here.length) here.set(there)
          continue
        }
        here.fill(0)
        for (let row = 0; row < here.length / width; row++)
          for (const [i, place] of places.entries())
            if (place >= 0) here[row * width + i] = there[row * widthThere + place]!
      }
    },
  }
}
/** Bytes that may be tried before they are taken back. */
const RECENT = 4096

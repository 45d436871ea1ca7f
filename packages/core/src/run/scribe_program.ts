import { DTYPE } from "../base/dtype.ts"
import { type Counted, countOf } from "../ir/count.ts"
import type { Program } from "../ir/program.ts"
import { boardHarness } from "../mix/board.ts"
import type { Expert } from "../mix/expert.ts"
import { harnessOptions, isForBoards, scribeExperts } from "../mix/scribe.ts"
import type { Tensors } from "./byte_net.ts"
import { narrowNeuralExpert } from "./narrow_neural.ts"

export interface ScribeProgramOptions {
  /** Bytes of tables: 1024, 2048 or 4096, or any larger memory that a scribe may have. */
  readonly memoryBytes: number
  /** A net over bytes that reads along; none when it is left out. */
  readonly net?: Tensors
}
/** What one call of an entry does at most. */
export interface CallCounts {
  readonly multiplies: number
  readonly divisions: number
  readonly loads: number
  readonly stores: number
  /** All operations, those of indices too. */
  readonly operations: number
}
export interface ScribeProgram {
  readonly experts: readonly Expert[]
  /** A harness for boards (mix/board.ts): inputs, outputs, body and entries stand there. */
  readonly program: Program
  /** Inputs, outputs, state and scratch: what it takes at most, each buffer at a place of its own. */
  readonly ramBytes: number
  /** Of what stands fast: tables, and the weights of the net. */
  readonly constantBytes: number
  /** By entry; `body` is a byte that came. Where a branch depends on the bytes, the longer one is counted. */
  readonly counts: Readonly<Record<"body" | "reset" | "foresee", CallCounts>>
}

/**
 * A scribe as one program for a machine that has nothing else: what a board computes is to the bit what `openPredictor` says
 * for the same memory and net.
 *
 * Errors: OB800 for a memory that no scribe can have, OB333 when the tensors are no net over bytes.
 */
export function scribeProgram({ memoryBytes, net }: ScribeProgramOptions): ScribeProgram {
  const options = harnessOptions({ memoryBytes })
  // From 16 KB on a PC has products of the whole state.
  const isExact = !isForBoards(memoryBytes)
  const experts = [
    ...scribeExperts({ memoryBytes }),
    ...(net === undefined ? [] : [narrowNeuralExpert(net, { ...options, isExact })]),
  ]
  const program = boardHarness(experts, options)
  const bytesOf = (isFast: boolean): number =>
    program.buffers.reduce(
      (sum, { access, dtype, length }) =>
        (access === "constant") === isFast ? sum + length * DTYPE[dtype].bytes : sum,
      0,
    )
  return {
    experts,
    program,
    ramBytes: bytesOf(false),
    constantBytes: bytesOf(true),
    counts: { body: callCounts(program), reset: callCounts(program, "reset"), foresee: callCounts(program, "foresee") },
  }
}

function callCounts(program: Program, entry?: string): CallCounts {
  const { operations, total } = countOf(program, entry)
  const most = (...names: readonly Counted[]): number =>
    names.reduce((sum, name) => sum + (operations.get(name)?.most ?? 0), 0)
  return {
    multiplies: most("i32.mul"),
    divisions: most("i32.div_s", "i32.div_u", "i32.rem_s", "i32.rem_u"),
    loads: most("load"),
    stores: most("store"),
    operations: total.most,
  }
}

import { DTYPE, type Numbers } from "../base/dtype.ts"
import type { Tiles } from "../base/tiles.ts"
import type { Memory } from "../ir/interpret.ts"
import type { Program } from "../ir/program.ts"

/** Whatever runs programs: every engine gives the same bits, and the interpreter is their judge. */
export interface Engine {
  readonly name: string
  /**
   * Expects a program in which `validate` found nothing. `within` an instance of this engine the buffers that both
   * programs begin with, of one name, are the same memory; what follows may lie over what follows there.
   */
  instantiate(program: Program, within?: Instance): Instance
  /** How it likes its products cut, where that was measured (run/tune.ts). */
  readonly tiles?: Tiles
}

/** A program with its buffers: constants are filled in, all else starts as 0 and stays from run to run. */
export interface Instance {
  /** The buffers themselves, not copies: write inputs and state here before `run`, read outputs after it. */
  readonly memory: Memory
  run(): void
  /** The other entries of the program, by name. */
  readonly entries: Readonly<Record<string, () => void>>
}

/** The buffers of a program in one memory, which never grows; constants are filled in. */
export function viewsOf(program: Program, memory: ArrayBufferLike, starts: ReadonlyMap<string, number>): Memory {
  const views = program.buffers.map(({ name, dtype, length, values }) => {
    const array: new (memory: ArrayBufferLike, at: number, length: number) => Numbers = DTYPE[dtype].array
    const view = new array(memory, starts.get(name)!, length)
    if (values) view.set(values)
    return [name, view] as const
  })
  return Object.fromEntries(views)
}

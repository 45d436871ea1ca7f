import { assert } from "../base/problem.ts"
import { and, differ, i32, less, load, or, select, store, total } from "../ir/build.ts"
import { type Block, type Buffer, type Expression, statementsOf } from "../ir/program.ts"
import { renameBlock } from "../ir/rename.ts"
import { squashTable, stretchTable } from "../kernels/logistic.ts"
import { link, sameValues } from "../link/link.ts"
import { type Expert, faultOfExpert, PORTS, votesOf } from "./expert.ts"

// What every harness does with its experts.

/** The inputs of the mixer: each vote of each expert, then one that is always there. */
export interface MixerInput {
  readonly expert: string | undefined
  readonly vote: number
}
export const mixerInputs = (experts: readonly Expert[]): readonly MixerInput[] => [
  ...experts.flatMap(({ name, program }) =>
    Array.from({ length: votesOf(program).length }, (_, vote) => ({ expert: name, vote })),
  ),
  { expert: undefined, vote: 0 },
]
const BIAS = 256

/** All votes side by side in `inputs`, nothing for who is not enabled, and how many experts know their context. */
export function gatherVotes(
  experts: readonly Expert[],
  { inputs, enabled }: { readonly inputs: Buffer; readonly enabled?: Buffer },
  bufferOf: (expert: string, inner: string) => Buffer,
): { readonly gathered: Block; readonly known: Expression } {
  const votes = mixerInputs(experts).map(({ expert, vote }) => {
    const e = experts.findIndex(({ name }) => name === expert)
    if (expert === undefined) return i32(BIAS)
    const said = load(bufferOf(expert, "votes"), i32(vote))
    return enabled ? select(load(enabled, i32(e)), said, i32(0)) : said
  })
  const knowing = new Set(experts.flatMap(({ name, knows }) => (knows ? [name] : [])))
  const firsts = mixerInputs(experts).flatMap(({ expert, vote }, at) =>
    expert !== undefined && knowing.has(expert) && vote === 0 ? [at] : [],
  )
  return {
    gathered: votes.map((vote, at) => store(inputs, i32(at), vote)),
    known: total(i32(0), ...firsts.map((at) => differ(load(inputs, i32(at)), 0))),
  }
}

/**
 * Experts under names of their own, over the ports of the harness; tables of one name and the same values are one. `own` are
 * the buffers of the harness, whose names no expert's may have.
 */
export function linkExperts(experts: readonly Expert[], own: readonly Buffer[]) {
  const constants = new Map<string, Buffer>([stretchTable, squashTable].map((each) => [each.name, each]))
  const parts = experts.map(({ name, program }) => {
    const fault = faultOfExpert(program)
    assert(fault === undefined, `expert ${name}: ${fault}`)
    const wires: Record<string, string> = {}
    for (const each of program.buffers) {
      if ((PORTS as readonly string[]).includes(each.name)) wires[each.name] = each.name
      if (each.access !== "constant") continue
      const known = constants.get(each.name)
      if (known && !sameValues(known, each)) continue
      constants.set(each.name, each)
      wires[each.name] = each.name
    }
    return { name, program, wires }
  })
  const taken = [...own, squashTable, stretchTable].map(({ name }) => name)
  const { program, names } = link("experts", parts, { taken })
  const known = new Set(taken)
  return {
    blockOf: (name: string, entry?: string): Block =>
      program.entries?.[entry === undefined ? name : `${name}_${entry}`] ?? [],
    bufferOf: (name: string, inner: string): Buffer =>
      program.buffers.find((each) => each.name === names[name]![inner])!,
    buffers: program.buffers.filter(({ name }) => !known.has(name)),
  }
}

/** The node within its nibble of a node of the byte. */
export const nodeOf = (now: Expression): Expression =>
  select(
    less(now, i32(16)),
    now,
    select(
      less(now, i32(32)),
      i32(1),
      select(
        less(now, i32(64)),
        or(and(now, 1), 2),
        select(less(now, i32(128)), or(and(now, 3), 4), or(and(now, 7), 8)),
      ),
    ),
  )

/** The same block once more, under names of its own, since a program binds a name once. */
export function again(block: Block, stem = "again_"): Block {
  const bound = new Set(
    statementsOf(block).flatMap((s) => (s.kind === "let" ? [s.name] : s.kind === "loop" ? [s.index] : [])),
  )
  return renameBlock(block, (name) => (bound.has(name) ? `${stem}${name}` : name))
}

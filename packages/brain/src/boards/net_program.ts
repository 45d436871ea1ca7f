import type { Numbers } from "@open-brains/core/base/dtype.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { sameShape } from "@open-brains/core/base/shape.ts"
import type { Net } from "@open-brains/core/graph/dims_text.ts"
import { buffer, i32, load, local, loop, store } from "@open-brains/core/ir/build.ts"
import type { Block, Buffer, Program } from "@open-brains/core/ir/program.ts"
import { linkNet, type Ports, preparationOf } from "@open-brains/core/run/net_program.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"
import { upper } from "./c_text.ts"
import { refuseFloats } from "./floats.ts"

export interface NetOfEntries {
  readonly program: Program
  readonly values: Readonly<Record<string, Numbers>>
  readonly prepares: readonly string[]
  readonly ports: Readonly<Record<string, Ports>>
  readonly reset?: string
}

/**
 * A net with entries at its maxima as one program. Where it has a state there is one entry more, which puts it where it
 * begins: a chip's memory begins as nothing. Errors: OB332, OB333, OB854, OB855.
 */
export function netProgram(name: string, net: Net, weights: Tensors): NetOfEntries {
  const state = new Set(Object.keys(net.state))
  for (const { outputs, updates = [] } of Object.values(net.at(net.maxima)))
    refuseFloats({ ...outputs, ...Object.fromEntries(updates.map(({ value }, i) => [`update ${i}`, value])) }, state)
  const { program, ports, weights: types } = linkNet(net, { direct: true })
  for (const [each, { dtype, shape }] of Object.entries(types)) {
    const given = weights[each]
    if (given ? given.dtype !== dtype || !sameShape(given.shape, shape) : !state.has(each))
      refuse({
        code: "OB333",
        seen: `It does not fit: weight \`${each}\` is ${given ? `${given.dtype}[${given.shape}]` : "nothing"}.`,
        hint: `Give ${dtype}[${shape}].`,
      })
  }
  const fixed = Object.keys(types).filter((each) => !state.has(each))
  const prepares = Object.keys(ports)
    .map(preparationOf)
    .filter((each) => program.entries?.[each])
  const begin = resetting(program, state, weights)
  const reset = freshName("reset", [...Object.keys(program.entries ?? {}), ...program.buffers.map((each) => each.name)])
  refuseSameNames(name, program)
  return {
    program: {
      ...program,
      name,
      buffers: [...program.buffers, ...begin.buffers],
      entries: { ...program.entries, ...(begin.block.length > 0 ? { [reset]: begin.block } : {}) },
    },
    values: Object.fromEntries(fixed.map((each) => [each, weights[each]!.data])),
    ...{ prepares, ports },
    ...(begin.block.length > 0 ? { reset } : {}),
  }
}

/** An array of the header may be called like a function, a layer or a number of it: no compiler takes both. Errors: OB855. */
function refuseSameNames(name: string, { buffers, entries = {} }: Program): void {
  const functions = ["run", ...Object.keys(entries)]
  const isTaken = (own: string): boolean =>
    functions.includes(own.replace(/_\d+$/, "")) ||
    functions.includes(own) ||
    ["RAM_BYTES", "ARENA_BYTES"].some((number) => `${name}_${own}` === `${upper(name)}_${number}`) ||
    /^u?int\d+_t$/.test(`${name}_${own}`)
  const found = buffers.find(({ name: own, access }) => access !== "scratch" && access !== "constant" && isTaken(own))
  if (found)
    refuse({
      code: "OB855",
      seen: `In C two things would be called ${name}_${found.name}: the ${found.access} \`${found.name}\` and something else.`,
      hint: `Call the ${found.access} otherwise in graph.json; \`run\` and what an entry is called are taken.`,
    })
}

/** Each buffer of the state takes the values that it begins with. */
function resetting(
  { buffers }: Program,
  state: ReadonlySet<string>,
  weights: Tensors,
): { readonly block: Block; readonly buffers: readonly Buffer[] } {
  const names = buffers.map(({ name }) => name)
  const parts = buffers
    .filter(({ name, access }) => access === "state" && state.has(name))
    .map((kept) => {
      const i = local(freshName(`begin_${kept.name}_i`, names))
      const values = Array.from(weights[kept.name]?.data ?? [])
      if (values.every((value) => value === 0))
        return { block: [loop(i, kept.length, [store(kept, i, i32(0))])], buffers: [] }
      const from: Buffer = {
        ...buffer("constant", kept.dtype, freshName(`begin_${kept.name}`, names), kept.length),
        values,
      }
      return { block: [loop(i, kept.length, [store(kept, i, load(from, i))])], buffers: [from] }
    })
  return { block: parts.flatMap(({ block }) => block), buffers: parts.flatMap((part) => part.buffers) }
}
function freshName(stem: string, taken: readonly string[]): string {
  let found = stem
  for (let n = 1; taken.includes(found); n++) found = `${stem}_${n}`
  return found
}

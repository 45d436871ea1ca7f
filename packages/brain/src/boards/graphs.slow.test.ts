import { type Numbers, zeros } from "@open-brains/core/base/dtype.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { sizeOf } from "@open-brains/core/base/shape.ts"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { inOrder, isNode, type Node } from "@open-brains/core/graph/graph.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import { hasFloats, type Program } from "@open-brains/core/ir/program.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import { RUNS, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { contentsOf, type Drawn, graphFrom } from "@open-brains/core/lower/testing/graphs.ts"
import { newJudge } from "@open-brains/core/lower/testing/judge.ts"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { refuseFloats } from "./floats.ts"
import { frozen } from "./frozen.ts"
import { answerMemory, buildProbe, portsOf, requestBytes } from "./testing/probe.ts"
import { memoryBytes, RANDOM_FLAGS } from "./testing/same_bits.ts"
import { TARGETS, type Target } from "./testing/targets.ts"

const isWhole = (node: Node, changing: ReadonlySet<string>): boolean => {
  try {
    refuseFloats({ node }, changing)
    return node.dtype !== "f32"
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
/** As much of a random graph as a board may be given: what is computed with integers, and weights of these that change. */
function integersOf({ seed, outputs, updates, leaves }: Drawn): Drawn {
  const changing = new Set(updates.map(({ weight }) => weight.attributes.name))
  const kept = updates.filter(({ weight, value }) => weight.dtype !== "f32" && isWhole(value, changing))
  const all = inOrder([...Object.values(outputs), ...updates.map(({ value }) => value)])
  const whole = all.filter((node) => isWhole(node, changing))
  const read = new Set(whole.flatMap(({ inputs }) => inputs))
  const asked = whole.filter((node) => !read.has(node) || Object.values(outputs).includes(node))
  const named = Object.fromEntries(asked.map((node, i) => [`out${i}`, node]))
  const used = new Set(inOrder([...asked, ...kept.flatMap(({ weight, value }) => [weight, value])]))
  return { seed, outputs: named, updates: kept, leaves: leaves.filter((leaf) => used.has(leaf)) }
}

interface Exported {
  /** Its weights are constants. */
  readonly constant: Program
  readonly rounds: readonly { readonly inputs: Memory; readonly wanted: Memory }[]
}
const ROUNDS = 3
/** A graph as a board gets it, and what its nodes alone give round after round: what changes begins as 0. */
function exported({ seed, outputs, updates, leaves }: Drawn): Exported {
  const program = lowerGraph({ name: "drawn", outputs, updates, prepares: true, direct: true })
  const state = new Map<Node, Numbers>(updates.map(({ weight }) => [weight, zeros(weight.dtype, sizeOf(weight.shape))]))
  const fixed = new Map<Node, Numbers>(
    leaves.flatMap((leaf, i) =>
      isNode(leaf, "weight") && !state.has(leaf) ? [[leaf, contentsOf(seed + i, leaf)]] : [],
    ),
  )
  const judge = newJudge()
  const rounds = Array.from({ length: ROUNDS }, (_, n) => {
    const inputs = leaves.flatMap((leaf, i) =>
      isNode(leaf, "input") ? [[leaf, contentsOf(seed + 1000 * (n + 1) + i, leaf)] as const] : [],
    )
    const asked = [...Object.values(outputs), ...updates.map(({ value }) => value)]
    const values = judge(asked, new Map<Node, Numbers>([...fixed, ...state, ...inputs]))
    for (const { weight, value } of updates) state.set(weight, values.get(value)!)
    return {
      inputs: Object.fromEntries(inputs.map(([{ attributes }, numbers]) => [attributes.name, numbers])),
      wanted: Object.fromEntries([
        ...Object.entries(outputs).map(([name, node]) => [name, values.get(node)!] as const),
        ...updates.map(({ weight }) => [weight.attributes.name, state.get(weight)!] as const),
      ]),
    }
  })
  const weights = Object.fromEntries([...fixed].map(([node, data]) => [(node as Node<"weight">).attributes.name, data]))
  return { constant: frozen(program, weights, program.entries?.["prepare"] ? ["prepare"] : []), rounds }
}

test(`random graphs of integers keep their bits when their weights become constants (SEED=${SEED})`, {
  timeout: 300_000,
}, () => {
  let found = 0
  for (let seed = SEED; seed < SEED + 4 * RUNS; seed++) {
    const graph = integersOf(graphFrom(seed))
    if (Object.keys(graph.outputs).length === 0) continue
    found++
    const { constant, rounds } = exported(graph)
    expect([seed, hasFloats(constant)]).toEqual([seed, false])
    const { memory, run } = interpreterEngine.instantiate(constant)
    for (const { inputs, wanted } of rounds) {
      for (const [name, numbers] of Object.entries(inputs)) memory[name]?.set(numbers)
      run()
      expect([seed, difference(wanted, memory)]).toEqual([seed, undefined])
    }
  }
  expect(found).toBeGreaterThan(RUNS)
})

const PLACES = [
  "host",
  "atmega2560 on avr8js",
  "cortex-m0 on QEMU",
  "cortex-m4 on QEMU",
] as const satisfies readonly Target[]
/** A compiler and a simulator take half a second for a graph. */
const GRAPHS = Math.ceil(RUNS / 8)
/** More may be more than a chip has flash for. */
const CONSTANT_BYTES_MAX = 100_000
for (const target of PLACES)
  test(`random graphs of integers have the bits of their nodes alone: ${target} (SEED=${SEED})`, {
    timeout: 300_000,
  }, async (context) => {
    const { missing, memoryBytes: room } = TARGETS[target]
    requireOrSkip(context, missing())
    let ran = 0
    for (let seed = SEED; ran < GRAPHS; seed++) {
      const graph = integersOf(graphFrom(seed))
      if (Object.keys(graph.outputs).length === 0) continue
      const { constant, rounds } = exported(graph)
      const source = emitChip(constant)
      if (memoryBytes(constant) > room || source.constantBytes > CONSTANT_BYTES_MAX) continue
      ran++
      using probe = await buildProbe(source, portsOf(constant.name, constant), target, RANDOM_FLAGS)
      const requests = rounds.map(({ inputs }) => ({ entry: 0, input: requestBytes(constant, inputs) }))
      const { outputs } = await probe.run(requests)
      for (const [n, { wanted }] of rounds.entries())
        expect([seed, n, difference(wanted, answerMemory(constant, outputs[n]!))]).toEqual([seed, n, undefined])
    }
  })

import { type Problem, refuse, suggest } from "@open-brains/core/base/problem.ts"
import { type Shape, sizeOf } from "@open-brains/core/base/shape.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Net } from "@open-brains/core/graph/dims_text.ts"
import { inOrder, isNode, type Node } from "@open-brains/core/graph/graph.ts"
import { machineOf } from "@open-brains/core/run/machine.ts"
import { fillWeights } from "@open-brains/core/run/net.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"

/** A net that takes one vector a step and gives one, with whatever it remembers in between. */
export interface Stepper {
  /** Write the sample here before a step. */
  readonly input: Float32Array
  /** Read the answer here after it. */
  readonly output: Float32Array
  /** Allocates nothing, and waits for nothing. */
  step(): void
  /** Back to the state that it was opened with. */
  reset(): void
}
/** How many numbers a step of a net takes and gives. */
export interface StepShape {
  readonly takes: number
  readonly gives: number
}
export const ENTRY = "step"

/** Opens a net to be stepped in this thread. Errors: OB681 when it is no net for a stream, OB332, OB333, OB210. */
export function openStepper(net: Net, weights: Tensors, engine: Engine, entry = ENTRY): Stepper {
  stepShape(net, entry)
  const machine = machineOf(net, engine, 1)
  fillWeights(machine, net, weights)
  const { ports, run } = machine.bind(entry, {})
  const [input, output] = [Object.values(ports.inputs)[0]!, Object.values(ports.outputs)[0]!]
  const floats = ({ buffer, shape }: { readonly buffer: string; readonly shape: Shape }): Float32Array =>
    (machine.buffer(buffer) as Float32Array).subarray(0, sizeOf(shape))
  const state = Object.keys(net.state).map((name) => {
    const buffer = machine.buffer(name)
    return { buffer, first: buffer.slice() }
  })
  return {
    input: floats(input),
    output: floats(output),
    step: run,
    reset() {
      for (const { buffer, first } of state) buffer.set(first)
      machine.touch()
    },
  }
}

/** Errors: OB681 when the entry is not there, or does not take one f32 tensor and give one. */
export function stepShape(net: Net, entry = ENTRY): StepShape {
  const entries = net.at(net.maxima)
  const graph = Object.hasOwn(entries, entry) ? entries[entry]! : undefined
  if (!graph) return refuse(unfit(`it has no entry \`${entry}\``, suggest(entry, Object.keys(entries))))
  const { outputs, updates = [] } = graph
  const asked = [...Object.values(outputs), ...updates.flatMap(({ weight, value }) => [weight, value])]
  const inputs = inOrder(asked).filter((node) => isNode(node, "input"))
  return { takes: oneOf(inputs, entry, "takes"), gives: oneOf(Object.values(outputs), entry, "gives") }
}

function oneOf(nodes: readonly Node[], entry: string, verb: string): number {
  const [first] = nodes
  if (nodes.length === 1 && first?.dtype === "f32") return sizeOf(first.shape)
  const seen = nodes.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(", ") || "nothing"
  return refuse(unfit(`\`${entry}\` ${verb} ${seen}`, "A step takes one tensor of f32, the sample, and gives one."))
}
const unfit = (seen: string, hint: string): Problem => ({
  code: "OB681",
  seen: `This net cannot follow a stream: ${seen}.`,
  hint,
})

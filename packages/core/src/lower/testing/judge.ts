/** What a graph means: each node computed alone by its reference, on the interpreter. */
import { DTYPE, type Dtype, type Numbers } from "../../base/dtype.ts"
import { mapValues } from "../../base/record.ts"
import { sizeOf } from "../../base/shape.ts"
import type { Instance } from "../../engine/engine.ts"
import { interpreterEngine } from "../../engine/interpreter.ts"
import { inOrder, isNode, type Node } from "../../graph/graph.ts"
import { input, node as nodeOf } from "../../graph/operations.ts"
import { lastOf } from "../../graph/scan.ts"
import * as ir from "../../ir/build.ts"
import type { Buffer, Program } from "../../ir/program.ts"
import { rulesOf } from "../groups.ts"
import { lowerGraph } from "../lower.ts"
import { namer } from "../names.ts"

type Values = Map<Node, Numbers>
/** Programs of nodes alone, built once: a scan runs its own again and again. */
export type Judge = (outputs: readonly Node[], leaves: ReadonlyMap<Node, Numbers>) => ReadonlyMap<Node, Numbers>

export function newJudge(): Judge {
  const instances = new Map<Node, Instance>()
  const ran = (node: Node, inputs: readonly Numbers[]): Numbers => {
    const { memory, run } = instances.get(node) ?? interpreterEngine.instantiate(programOf(node))
    instances.set(node, { memory, run, entries: {} })
    for (const [i, numbers] of inputs.entries()) memory[`input${i}`]!.set(numbers)
    run()
    return memory["result"]!.slice()
  }
  const judge: Judge = (outputs, leaves) => {
    const values: Values = new Map(leaves)
    for (const node of inOrder(outputs)) {
      if (values.has(node)) continue
      const inputs = node.inputs.map((each) => values.get(each)!)
      if (isNode(node, "scan")) values.set(node, scanned(node, inputs, judge))
      else values.set(node, isNode(node, "kernel") ? kernelRan(node, inputs) : ran(node, inputs))
    }
    return values
  }
  return judge
}

/** Step after step, in so many words. */
function scanned({ attributes, inputs, ...node }: Node<"scan">, given: readonly Numbers[], judge: Judge): Numbers {
  const { body, output, stacked, reverse } = attributes
  const [carries, slices] = [body.carries.length, body.slices.length]
  const steps = inputs[carries]!.shape[0]!
  const result = new DTYPE[node.dtype].array(sizeOf(node.shape))
  const constants = body.constants.map((own, i) => [own, given[carries + slices + i]!] as const)
  let held = body.carries.map((_, i) => given[i]!)
  for (let n = 0; n < steps; n++) {
    const at = reverse ? steps - 1 - n : n
    const parts = body.slices.map((slice, i) => {
      const size = sizeOf(slice.shape)
      return [slice, given[carries + i]!.subarray(at * size, (at + 1) * size)] as const
    })
    const asked = [...body.next, body.values[output]!]
    const leaves = new Map<Node, Numbers>([
      ...body.carries.map((own, i) => [own, held[i]!] as const),
      ...parts,
      ...constants,
    ])
    const values = judge(asked, leaves)
    if (stacked) result.set(values.get(body.values[output]!)!, (at * result.length) / steps)
    held = body.next.map((each) => values.get(each)!)
  }
  if (!stacked) result.set(held[lastOf({ attributes } as Node<"scan">)!]!)
  return result
}

/** Each time on a memory of its own: its scratch begins as 0. */
function kernelRan({ attributes: { program, output } }: Node<"kernel">, given: readonly Numbers[]): Numbers {
  const { memory, run } = interpreterEngine.instantiate(program)
  const inputs = program.buffers.filter(({ access }) => access === "input")
  for (const [i, { name }] of inputs.entries()) memory[name]!.set(given[i]!)
  run()
  return memory[output]!
}

/** The reference itself, not what lowering makes of it. */
function programOf(node: Node): Program {
  const { reference } = rulesOf(node)
  const given = node.inputs.map(({ dtype, shape }, i) => input(`input${i}`, dtype, shape))
  if (reference.kind !== "loops") {
    const alone = nodeOf(node.operation, given as unknown as readonly [], node.attributes as Record<string, never>)
    return lowerGraph({ name: "alone", outputs: { result: alone } })
  }
  const buffers: Buffer[] = given.map((each, i) => ir.buffer("input", each.dtype, `input${i}`, sizeOf(each.shape)))
  const operands = buffers.map((buffer, i) => ({ buffer, shape: given[i]!.shape }))
  const result = ir.buffer("output", node.dtype, "result", sizeOf(node.shape))
  const fresh = namer(["result", ...buffers.map(({ name }) => name)])
  buffers.push(result)
  const declare = (made: Buffer): Buffer => {
    buffers.push(made)
    return made
  }
  const body = reference.body(node as never)(
    operands,
    { buffer: result, shape: node.shape },
    {
      locals: (scalars) => mapValues(scalars, (scalar, stem) => ir.local(fresh(stem), scalar)),
      buffer: (dtype: Dtype, length) => declare(ir.buffer("scratch", dtype, fresh("scratch"), length)),
      table: (dtype, values) => declare(ir.table(dtype, fresh("table"), values)),
    },
  )
  return { name: "alone", buffers, body }
}

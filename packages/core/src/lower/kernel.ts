import type { Node } from "../graph/graph.ts"
import type { Buffer } from "../ir/program.ts"
import { renameProgram } from "../ir/rename.ts"
import { cleared, declare, home, type Lowering, operand } from "./lowering.ts"
import { STEM_MAX } from "./names.ts"

/** A kernel's program, inline: one run serves every node that takes another of its outputs for the same inputs. */
export function lowerKernel(block: Lowering, node: Node<"kernel">): void {
  const calls = block.runs.get(node) as readonly Node<"kernel">[]
  if (calls[0] !== node) return
  const { program } = node.attributes
  const stem = `k_${program.name}`.slice(0, STEM_MAX / 2)
  const inputs = program.buffers.filter(({ access }) => access === "input")
  const places = new Map(inputs.map((buffer, i) => [buffer.name, operand(block, node.inputs[i]!).buffer.name]))
  const given = new Map<string, Buffer>()
  for (const call of calls) {
    const { output } = call.attributes
    const buffer = given.get(output) ?? home(block, call)
    given.set(output, buffer)
    block.stored.set(call, buffer)
    places.set(output, buffer.name)
  }
  const own = new Map<string, string>()
  const renamed = renameProgram(program, (inner) => {
    const known = places.get(inner) ?? own.get(inner) ?? block.fresh(`${stem}_${inner}`)
    own.set(inner, known)
    return known
  })
  const outside = new Set(places.values())
  for (const buffer of renamed.buffers) {
    if (!outside.has(buffer.name))
      declare(block, buffer.access === "constant" ? buffer : { ...buffer, access: "scratch" })
    // Whoever wrote the kernel: what an earlier run left must not show, or an answer would depend on the ones before it.
    if (buffer.access !== "input" && buffer.access !== "constant") block.body.push(cleared(block, buffer))
  }
  block.body.push(...renamed.body)
}

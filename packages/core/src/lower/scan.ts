import { sizeOf } from "../base/shape.ts"
import type { Node } from "../graph/graph.ts"
import { lastOf, neededOf } from "../graph/scan.ts"
import * as ir from "../ir/build.ts"
import type { Block, Buffer } from "../ir/program.ts"
import { bodyFor, declare, dtypeIn, home, type Lowering, operand, type Task, type Whole, writeOut } from "./lowering.ts"
import { type Views, withoutViews } from "./view.ts"

/**
 * A loop over time, whose body is lowered as a block of its own. Slices of sequences and of stacked outputs are views:
 * buffers that the body sees, and that stand for a part of a longer one. Carries change in place where the body allows
 * it. One loop serves every node that takes another output of the same run; carries that none of them needs are left out.
 */
export function lowerScan(block: Lowering, node: Node<"scan">, lower: (whole: Whole, task: Task) => Block): void {
  const run = block.runs.get(node) as readonly Node<"scan">[]
  if (run[0] !== node) return
  const { body, reverse } = node.attributes
  const [carries, slices] = [body.carries.length, body.slices.length]
  const steps = node.inputs[carries]!.shape[0]!
  const step = ir.local(block.fresh("step"))
  const views: Views = new Map()
  const bases = new Map<number, ir.Local>()
  const at = reverse ? ir.sub(ir.i32(steps - 1), step) : step
  /** The part of a buffer that belongs to this step. */
  const partOf = (whole: Buffer): Buffer => {
    const length = whole.length / steps
    const base = bases.get(length) ?? ir.local(block.fresh("base"))
    bases.set(length, base)
    const view = ir.buffer("scratch", whole.dtype, block.fresh("view"), length)
    views.set(view.name, { buffer: whole.name, base })
    return view
  }

  const outputs = placesOf(block, run).map(({ call, buffer }) => ({
    call,
    place: call.attributes.stacked ? partOf(buffer) : buffer,
  }))
  const { live, needed } = neededOf(body, run)
  const leaves = new Map<Node, Buffer>()
  for (const i of live) {
    const { dtype, shape } = body.carries[i]!
    const asked = outputs.find(({ call }) => lastOf(call) === i)?.place
    const scratch = (): Buffer => ir.buffer("scratch", dtypeIn(block, dtype), block.fresh("carry"), sizeOf(shape))
    const buffer = asked ?? declare(block, scratch())
    leaves.set(body.carries[i]!, buffer)
    block.body.push(writeOut(block, node.inputs[i]!, buffer))
  }
  body.slices.forEach((slice, i) => {
    if (needed.has(slice)) leaves.set(slice, partOf(operand(block, node.inputs[carries + i]!).buffer))
  })
  const constants = body.constants.flatMap((own, i) => {
    const from = node.inputs[carries + slices + i]!
    return needed.has(own) ? [{ own, from }] : []
  })
  for (const { own, from } of constants) leaves.set(own, operand({ ...block, body: bodyFor(block, from) }, from).buffer)
  const outside = block.task.fixed && constants.every(({ from }) => block.fixed.has(from)) && block.task.fixed.before
  const stacked = outputs.filter(({ call }) => call.attributes.stacked)
  const inner = lower(block, {
    outputs: stacked.map(({ call, place }) => ({ node: body.values[call.attributes.output]!, place })),
    changes: live.map((at) => ({ leaf: body.carries[at]!, value: body.next[at]! })),
    leaves,
    fixed: { leaves: new Set(body.constants), before: outside || block.body },
  })
  const starts = [...bases].map(([length, base]) => ir.let_(base, ir.mul(at, ir.i32(length))))
  block.body.push(ir.loop(step, steps, [...starts, ...withoutViews(inner, views)]))
}

/** A buffer for each result that is asked for; nodes that ask for the same one share it. */
function placesOf(block: Lowering, run: readonly Node<"scan">[]): readonly { call: Node<"scan">; buffer: Buffer }[] {
  const places = new Map<string, { call: Node<"scan">; buffer: Buffer }>()
  for (const call of run) {
    const { output, stacked } = call.attributes
    const known = places.get(`${output} ${stacked}`) ?? { call, buffer: home(block, call) }
    places.set(`${output} ${stacked}`, known)
    block.stored.set(call, known.buffer)
  }
  return [...places.values()]
}

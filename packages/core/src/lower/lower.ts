import type { Dtype } from "../base/dtype.ts"
import { assert } from "../base/problem.ts"
import { sizeOf } from "../base/shape.ts"
import { TILES, type Tiles } from "../base/tiles.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import * as ir from "../ir/build.ts"
import type { Block, Buffer, Program, Statement } from "../ir/program.ts"
import { isDirect, isReadInPlace, lowerDirect, lowerDirectSum } from "./direct.ts"
import { epilogueOf } from "./epilogue.ts"
import { type Finished, finishedOf } from "./finished.ts"
import { lowerFused } from "./fused.ts"
import { rulesOf } from "./groups.ts"
import { lowerKernel } from "./kernel.ts"
import {
  bodyFor,
  copy,
  declare,
  dtypeIn,
  home,
  type Lowering,
  liesNowhere,
  newLowering,
  operand,
  scratchOf,
  type Task,
  type Whole,
  writeOut,
} from "./lowering.ts"
import { namer } from "./names.ts"
import { planMemory } from "./plan.ts"
import { lowerScan } from "./scan.ts"
import { takesNibbles } from "./schedule/contraction.ts"
import { scheduleOf } from "./schedule/schedule.ts"

/** What to lower: values to give to the caller, and weights that take a new value at the end of a run. */
export interface Entry {
  readonly name: string
  readonly outputs: Readonly<Record<string, Node>>
  readonly updates?: readonly { readonly weight: Node<"weight">; readonly value: Node }[]
  /** f64 is for gradient checks in the interpreter. */
  readonly float?: "f32" | "f64"
  /**
   * Weights without a new value change only between runs: what depends on them alone becomes the entry `prepare`, to be
   * called whenever they have been set.
   */
  readonly prepares?: boolean
  /** Weights that get their new values elsewhere: nothing that depends on them is prepared. */
  readonly changing?: readonly string[]
  /** How matrix products are cut: any way gives the same bits. */
  readonly tiles?: Tiles
  /**
   * For small memories: products are plain loops that end in what is done with their sums, windows are read where they
   * lie, and scratch buffers share no places yet, so that a printer can plan bytes.
   */
  readonly direct?: boolean
}

/**
 * A graph as one program: its inputs, weights and outputs are buffers of the same name, everything else is scratch.
 * Runs of element-wise nodes of one shape become one loop, whose values stay in locals unless others need them; the
 * bits are those of one loop a node, since each element is computed by the same operations from the same elements.
 */
export function lowerGraph({
  name,
  outputs,
  updates = [],
  float = "f32",
  prepares = false,
  changing = [],
  tiles = TILES,
  direct = false,
}: Entry): Program {
  const asked = [...Object.values(outputs), ...updates.flatMap(({ weight, value }) => [value, weight])]
  const given = inOrder(asked).filter((node) => isNode(node, "input") || isNode(node, "weight"))
  const reserved = [...Object.keys(outputs), ...given.map(({ attributes }) => attributes.name)]
  const whole: Whole = { float, tiles, direct, buffers: [], fresh: namer(reserved) } // the caller's names come first: ours go around them
  const leaves = new Map<Node, Buffer>()
  for (const node of given) {
    const { name, dtype, shape } = node.attributes
    const access = updates.some(({ weight }) => weight === node) ? "state" : "input"
    leaves.set(node, declare(whole, ir.buffer(access, dtypeIn(whole, dtype), name, sizeOf(shape))))
  }
  const wanted = Object.entries(outputs).filter(([output, node]) => leaves.get(node)?.name !== output)
  const places = wanted.map(([output, node]) => ({
    node,
    place: declare(whole, ir.buffer("output", dtypeIn(whole, node.dtype), output, sizeOf(node.shape))),
  }))
  const changes = updates.map(({ weight, value }) => ({ leaf: weight, value }))
  const fixed = new Set(
    given.filter(
      (node) =>
        isNode(node, "weight") &&
        !changing.includes(node.attributes.name) &&
        !updates.some(({ weight }) => weight === node),
    ),
  )
  const prepare: Statement[] = []
  const task: Task = {
    outputs: places,
    changes,
    leaves,
    ...(prepares ? { fixed: { leaves: fixed, before: prepare } } : {}),
  }
  const body = lowerBlock(whole, task)
  const entries = prepare.length > 0 ? { entries: { prepare } } : {}
  const program = { name, buffers: whole.buffers, body, ...entries }
  return direct ? program : planMemory(program)
}

/** The statements that fulfil a task. */
function lowerBlock(whole: Whole, task: Task): Block {
  const block = newLowering(whole, task)
  for (const { node, place } of task.outputs) // a leaf is given as it is before anything changes
    if (task.leaves.has(node)) block.body.push(copy(block, task.leaves.get(node)!, place))
  for (const group of block.groups) lowerGroup(block, group)
  for (const { node, place } of task.outputs) {
    if (task.leaves.has(node)) continue
    // It lies elsewhere where it is wanted in two places, or prepared.
    if (liesNowhere(block, node) || operand(block, node).buffer !== place) block.body.push(writeOut(block, node, place))
  }
  changeLeaves(block)
  return block.body
}

function lowerGroup(whole: Lowering, group: readonly Node[]): void {
  const node = group[0]!
  const block = { ...whole, body: bodyFor(whole, node) }
  const { reference } = rulesOf(node)
  switch (reference.kind) {
    case "element":
      return lowerFused(block, group)
    case "loops": {
      const finished = finishedOf(group)
      if (finished) lowerFinished(block, finished)
      else lowerLoops(block, node)
      return
    }
    case "program":
      return lowerKernel(block, node as Node<"kernel">)
    case "scan":
      return lowerScan(block, node as Node<"scan">, lowerBlock)
    case "leaf":
    case "broadcast":
      return // looked through by what reads it
    default:
      return reference satisfies never
  }
}

/** By a schedule where there is one, else by the reference. False when `finished` wants a schedule that there is not. */
function lowerLoops(block: Lowering, node: Node, finished?: Finished): boolean {
  if (isNode(node, "unpack_nibbles") && isLookedThrough(block, node)) return true
  if (isReadInPlace(block, node)) return true
  if (block.direct && isNode(node, "sum") && lowerDirectSum(block, node)) return true
  if (isNode(node, "matmul") && lowerDirect(block, node, finished)) return true
  const nibbles = isNode(node, "matmul") ? nibblesOf(block, node) : undefined
  const inputs = node.inputs.map((input, i) => operand(block, (i === 1 && nibbles) || input))
  if (isNode(node, "reshape") && !block.task.changes.some(({ leaf }) => leaf === node.inputs[0])) {
    block.stored.set(node, inputs[0]!.buffer) // the same elements in the same order, and nothing changes them
    return true
  }
  const { shape } = node
  const buffer = finished ? nowhere(dtypeIn(block, node.dtype)) : home(block, node)
  const packsOnce = node.inputs.length > 1 && block.fixed.has(node.inputs[1]!)
  const schedule = scheduleOf(
    node,
    inputs,
    { buffer, shape },
    {
      ...{ scratch: scratchOf(block), tiles: block.tiles, packsOnce, nibbles: nibbles !== undefined },
      epilogue: finished && (() => epilogueOf(block, finished)),
    },
  )
  if (schedule) {
    bodyFor(block, packsOnce ? node.inputs[1]! : node).push(...schedule.pack)
    block.body.push(...schedule.body)
    return true
  }
  if (finished) return false
  const { reference } = rulesOf(node)
  assert(reference.kind === "loops", `${node.operation} has loops`)
  block.body.push(...reference.body(node)(inputs, { buffer, shape }, scratchOf(block)))
  return true
}
/** Of a product whose sums are used where they are made: nothing reads or writes it. */
const nowhere = (dtype: Dtype): Buffer => ir.buffer("scratch", dtype, "nowhere", 1)

/** A product with what is done on its sums; one after the other where no schedule takes both. */
function lowerFinished(block: Lowering, finished: Finished): void {
  const { product, reshapes, group } = finished
  if (lowerLoops(block, product, finished)) return
  lowerLoops(block, product)
  for (const node of reshapes) block.stored.set(node, home(block, product))
  lowerFused(block, group)
}

/** What a product's schedule reads in place of its right side: the bytes that the nibbles lie in, where those never change. */
function nibblesOf(block: Lowering, node: Node<"matmul">): Node | undefined {
  const right = node.inputs[1]
  if (isDirect(block, node) || !isNode(right, "unpack_nibbles") || !block.fixed.has(right)) return undefined
  return takesNibbles(node, block.tiles) ? right.inputs[0] : undefined
}
const isLookedThrough = (block: Lowering, node: Node): boolean =>
  !block.places.has(node) &&
  !block.changed.has(node) &&
  (block.users.get(node) ?? []).every(
    (user) => isNode(user, "matmul") && user.inputs[0] !== node && nibblesOf(block, user),
  )

/** The values that leaves did not take in place. One that takes the old value of another, which changes too, takes a copy. */
function changeLeaves(block: Lowering): void {
  const { changes } = block.task
  const moves = changes.flatMap(({ leaf, value }) => {
    const [from, to] = [operand(block, value).buffer, block.stored.get(leaf)!]
    return block.done.has(leaf) || from === to ? [] : [{ value, from, to }]
  })
  const sources = moves.map(({ value, from }) => {
    if (!changes.some(({ leaf }) => leaf === value)) return from
    const old = scratchOf(block).buffer(from.dtype, from.length) // a <-> b is a swap
    block.body.push(copy(block, from, old))
    return old
  })
  block.body.push(...moves.map(({ to }, i): Statement => copy(block, sources[i]!, to)))
}

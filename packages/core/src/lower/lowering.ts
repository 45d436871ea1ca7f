import { DTYPE, type Dtype } from "../base/dtype.ts"
import { mapValues } from "../base/record.ts"
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts"
import type { Tiles } from "../base/tiles.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import type { Operand, Scratch } from "../graph/reference.ts"
import { runsIn } from "../graph/runs.ts"
import * as ir from "../ir/build.ts"
import type { Buffer, Expression, Statement } from "../ir/program.ts"
import { withEpilogues } from "./finished.ts"
import { groupsOf, isBroadcast, rootOf, rulesOf } from "./groups.ts"
import type { Namer } from "./names.ts"

/** What all blocks of one program share. */
export interface Whole {
  readonly float: "f32" | "f64"
  readonly tiles: Tiles
  /** Products are plain loops that read windows in place. */
  readonly direct: boolean
  readonly fresh: Namer
  /** Those declared so far. */
  readonly buffers: Buffer[]
}
/** A leaf's buffer that takes a new value when all else is done. */
export interface Change {
  readonly leaf: Node
  readonly value: Node
}
/** What a block is for: values that must end up in certain buffers, and leaves that change. */
export interface Task {
  readonly outputs: readonly { readonly node: Node; readonly place: Buffer }[]
  readonly changes: readonly Change[]
  /** Where the values of leaves lie. */
  readonly leaves: ReadonlyMap<Node, Buffer>
  /** Leaves that stay as they are while the block runs again and again: what depends on them alone is done once, before. */
  readonly fixed?: { readonly leaves: ReadonlySet<Node>; readonly before: Statement[] }
}

/** One block in the making: the body of a program, or of one step of a scan. */
export interface Lowering extends Whole {
  readonly task: Task
  readonly order: readonly Node[]
  readonly groups: readonly (readonly Node[])[]
  readonly groupOf: ReadonlyMap<Node, number>
  readonly users: ReadonlyMap<Node, readonly Node[]>
  /** For each kernel and scan all nodes that take a result of its run. */
  readonly runs: ReadonlyMap<Node, readonly Node[]>
  /** Where each value lies, if it lies anywhere yet: `fill` and `broadcast` are only ever looked through. */
  readonly stored: Map<Node, Buffer>
  /** The first place that each output is wanted in. */
  readonly places: ReadonlyMap<Node, Buffer>
  /** The leaf that takes a value; the last one, where many do. */
  readonly changed: ReadonlyMap<Node, Node>
  /** Leaves that have their new value already. */
  readonly done: Set<Node>
  /** Values that depend on fixed leaves alone, loop for loop. */
  readonly fixed: ReadonlySet<Node>
  readonly body: Statement[]
}

export function newLowering(whole: Whole, task: Task): Lowering {
  const found = inOrder([
    ...task.outputs.map(({ node }) => node),
    ...task.changes.map(({ value }) => value),
    ...task.changes.map(({ leaf }) => leaf), // one may change without being read
  ])
  // A board never runs again what weights alone decide: that shares no loop with the rest.
  const parts = whole.direct ? fixedFirst(found, task) : [found]
  const [order, apart] = [parts.flat(), parts.flatMap(groupsOf)]
  const users = new Map<Node, Node[]>()
  for (const node of order)
    for (const input of node.inputs) {
      const known = users.get(input)
      if (known) known.push(node)
      else users.set(input, [node])
    }
  const fixed = fixedIn(apart, task)
  const kept = new Set([...task.outputs.map(({ node }) => node), ...task.changes.map(({ value }) => value)])
  const alike = (a: Node, b: Node): boolean => fixed.has(a) === fixed.has(b)
  const groups = withEpilogues(apart, users, (node) => kept.has(node), alike)
  return {
    ...whole,
    ...{ task, order, groups, users, fixed, runs: runsIn(order), body: [], done: new Set() },
    groupOf: new Map(groups.flatMap((group, at) => group.map((node) => [node, at] as const))),
    stored: new Map(task.leaves),
    places: new Map(task.outputs.toReversed().map(({ node, place }) => [node, place])),
    changed: new Map(task.changes.map(({ leaf, value }) => [value, leaf])),
  }
}

/** What weights alone decide, and the rest: else the one would stand between neighbours of the other that one loop could take. */
function fixedFirst(order: readonly Node[], { fixed }: Task): readonly (readonly Node[])[] {
  const first = new Set<Node>()
  for (const node of order)
    if (fixed?.leaves.has(node) || (node.inputs.length > 0 && node.inputs.every((input) => first.has(input))))
      first.add(node)
  return [order.filter((node) => first.has(node)), order.filter((node) => !first.has(node))]
}

/** A loop that computes other values too belongs to the block. */
function fixedIn(groups: readonly (readonly Node[])[], { fixed }: Task): ReadonlySet<Node> {
  const found = new Set<Node>()
  if (!fixed) return found
  const isLeaf = ([node]: readonly Node[]): boolean => rulesOf(node!).reference.kind === "leaf"
  // Leaves first: a group stands where its first node does, and what its later ones read may be listed after it.
  for (const group of [...groups.filter(isLeaf), ...groups.filter((each) => !isLeaf(each))]) {
    const inside = new Set(group)
    const isFixed = (node: Node): boolean => {
      if (isNode(node, "input") || isNode(node, "weight")) return fixed.leaves.has(node)
      return node.inputs.every((input) => found.has(input) || inside.has(input))
    }
    if (group.every(isFixed)) for (const node of group) found.add(node)
  }
  return found
}
/** Where the statements of a value go. */
export const bodyFor = (block: Lowering, node: Node): Statement[] =>
  block.task.fixed && block.fixed.has(node) ? block.task.fixed.before : block.body

export const dtypeIn = ({ float }: Whole, dtype: Dtype): Dtype => (dtype === "f32" ? float : dtype)

export function declare({ buffers }: Whole, buffer: Buffer): Buffer {
  buffers.push(buffer)
  return buffer
}
export const scratchOf = (whole: Whole): Scratch => ({
  locals: (scalars) => mapValues(scalars, (scalar, stem) => ir.local(whole.fresh(stem), scalar)),
  buffer: (dtype, length) => declare(whole, ir.buffer("scratch", dtype, whole.fresh("scratch"), length)),
  table: (dtype, values) => declare(whole, ir.table(dtype, whole.fresh("table"), values)),
})

/** Where a node's value lies, or will. */
export function home(block: Lowering, node: Node): Buffer {
  // What is prepared lies where nobody else writes: each round copies it to where it is wanted.
  const known = block.stored.get(node) ?? (block.fixed.has(node) ? undefined : block.places.get(node))
  const length = sizeOf(node.shape)
  const buffer = known ?? declare(block, ir.buffer("scratch", dtypeIn(block, node.dtype), block.fresh("value"), length))
  block.stored.set(node, buffer)
  return buffer
}

/** One element of a value, wherever it lies. */
export function read(block: Lowering, node: Node, index: readonly Expression[]): Expression {
  if (isNode(node, "fill")) return ir.constant(DTYPE[dtypeIn(block, node.dtype)].scalar, node.attributes.value)
  if (!isNode(node, "broadcast")) return ir.load(home(block, node), flat(node.shape, index))
  const at = [...index]
  for (let each: Node = node; isNode(each, "broadcast"); each = each.inputs[0]) at[each.attributes.axis] = ir.i32(0)
  return read(block, rootOf(node), at)
}

/** Whether a value is only looked through so far: it is a constant, or elements of another. */
export const liesNowhere = ({ stored }: Lowering, node: Node): boolean =>
  !stored.has(node) && (isNode(node, "fill") || isBroadcast(node))

/** A value in memory, written out if it lies nowhere. */
export function operand(block: Lowering, node: Node): Operand {
  if (liesNowhere(block, node)) bodyFor(block, node).push(writeOut(block, node, home(block, node)))
  return { buffer: home(block, node), shape: node.shape }
}

/** Every element of a value, into a buffer. */
export function writeOut(block: Lowering, node: Node, to: Buffer): Statement {
  const known = block.stored.get(node)
  if (known && known !== to) return copy(block, known, to)
  const axes = node.shape.map((_, axis) => ir.local(block.fresh(`axis${axis}`)))
  return node.shape.reduceRight<Statement>(
    (inner, length, axis) => ir.parallel(axes[axis]!, length, [inner]),
    ir.store(to, flat(node.shape, axes), read(block, node, axes)),
  )
}
export function copy({ fresh }: Whole, from: Buffer, to: Buffer): Statement {
  const i = ir.local(fresh("i"))
  return ir.parallel(i, to.length, [ir.store(to, i, ir.load(from, i))])
}
export function cleared({ fresh }: Whole, buffer: Buffer): Statement {
  const i = ir.local(fresh("i"))
  return ir.parallel(i, buffer.length, [ir.store(buffer, i, ir.constant(DTYPE[buffer.dtype].scalar, 0))])
}

/** Row-major place of an element; an index of 0 along an axis costs nothing. */
export function flat(shape: Shape, index: readonly Expression[]): Expression {
  const strides = stridesOf(shape)
  const terms = index.flatMap((at, axis) => {
    if (at.kind === "constant") return at.value === 0 ? [] : [ir.i32(at.value * strides[axis]!)]
    return [strides[axis] === 1 ? at : ir.mul(at, ir.i32(strides[axis]!))]
  })
  return terms.length === 0 ? ir.i32(0) : ir.total(...terms)
}

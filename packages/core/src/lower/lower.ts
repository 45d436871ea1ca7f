import { DTYPE, type Dtype } from "../base/dtype.ts"
import { assert } from "../base/problem.ts"
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import type { Operand, Scratch } from "../graph/reference.ts"
import * as ir from "../ir/build.ts"
import { type Block, type Buffer, type Expression, type Program, type Statement, scalarOf } from "../ir/program.ts"
import { renameProgram } from "../ir/rename.ts"
import { groupsOf, isBroadcast, isElement, rootOf, rulesOf } from "./groups.ts"
import { mapValues, namer, STEM_MAX } from "./names.ts"

/** What to lower: values to give to the caller, and weights that take a new value at the end of a run. */
export interface Entry {
  readonly name: string
  readonly outputs: Readonly<Record<string, Node>>
  readonly updates?: readonly { readonly weight: Node<"weight">; readonly value: Node }[]
  /** f64 is for gradient checks in the interpreter. */
  readonly float?: "f32" | "f64"
}

/**
 * A graph as one program: its inputs, weights and outputs are buffers of the same name, everything else is scratch.
 * Runs of element-wise nodes of one shape become one loop, whose values stay in locals unless others need them; the
 * bits are those of one loop a node, since each element is computed by the same operations from the same elements.
 */
export function lowerGraph({ name, outputs, updates = [], float = "f32" }: Entry): Program {
  const asked = [...Object.values(outputs), ...updates.map(({ value }) => value)]
  const order = inOrder([...asked, ...updates.map(({ weight }) => weight)]) // one may change without being read
  const buffers: Buffer[] = []
  const body: Statement[] = []
  const reserved = order.flatMap((node) =>
    isNode(node, "input") || isNode(node, "weight") ? [node.attributes.name] : [],
  )
  const fresh = namer([...Object.keys(outputs), ...reserved]) // the caller's names come first: ours go around them
  const scratch: Scratch = {
    locals: (scalars) => mapValues(scalars, (scalar, stem) => ir.local(fresh(stem), scalar)),
    buffer: (dtype, length) => declare(ir.buffer("scratch", dtype, fresh("scratch"), length)),
    table: (dtype, values) => declare(ir.table(dtype, fresh("table"), values)),
  }
  const declare = (buffer: Buffer): Buffer => {
    buffers.push(buffer)
    return buffer
  }
  const dtypeOf = (dtype: Dtype): Dtype => (dtype === "f32" ? float : dtype)

  // Where each node's value lies, if it lies anywhere: `fill` and `broadcast` are only ever looked through.
  const outputNames = new Map<Node, string>()
  for (const [outputName, node] of Object.entries(outputs))
    if (!outputNames.has(node)) outputNames.set(node, outputName)
  const stored = new Map<Node, Buffer>()
  const users = new Map<Node, Node[]>()
  for (const node of order)
    for (const input of node.inputs) {
      const known = users.get(input)
      if (known) known.push(node)
      else users.set(input, [node])
    }
  const updated = new Map(updates.map(({ weight, value }) => [value, weight]))
  /** Whether its value from before the run is still asked for at the end. */
  const keepsOld = (weight: Node): boolean => outputNames.has(weight) || updated.has(weight)
  for (const node of order)
    if (isNode(node, "input") || isNode(node, "weight")) {
      const { name, dtype, shape } = node.attributes
      const changes = updates.some(({ weight }) => weight === node)
      stored.set(node, declare(ir.buffer(changes ? "state" : "input", dtypeOf(dtype), name, sizeOf(shape))))
    }
  const home = (node: Node): Buffer => {
    const known = stored.get(node)
    if (known) return known
    const outputName = outputNames.get(node)
    const access = outputName === undefined ? "scratch" : "output"
    const buffer = declare(ir.buffer(access, dtypeOf(node.dtype), outputName ?? fresh("value"), sizeOf(node.shape)))
    stored.set(node, buffer)
    return buffer
  }

  const groups = groupsOf(order)
  const groupOf = new Map(groups.flatMap((group, at) => group.map((node) => [node, at] as const)))
  /** Whether another loop reads the value; a broadcast stands for the loop that looks through it. */
  const needed = (node: Node): boolean =>
    (users.get(node) ?? []).some((user) => groupOf.get(user) !== groupOf.get(node))
  /** Whether anything but its own loop needs the value in memory. */
  const escapes = (node: Node): boolean => outputNames.has(node) || updated.has(node) || needed(node)
  /** In place when every other reader of the weight comes earlier, or reads the same element in the same round. */
  const inPlace = (value: Node, weight: Node): boolean =>
    isElement(value) &&
    !keepsOld(weight) &&
    (users.get(weight) ?? []).every(
      (user) =>
        !isBroadcast(user) &&
        groupOf.get(user)! <= groupOf.get(value)! &&
        (isElement(user) || groupOf.get(user)! < groupOf.get(value)!),
    )

  const read = (node: Node, index: readonly Expression[]): Expression => {
    if (isNode(node, "fill"))
      return ir.constant(float === "f64" && node.dtype === "f32" ? "f64" : scalarFor(node), node.attributes.value)
    if (!isNode(node, "broadcast")) return ir.load(home(node), flat(node.shape, index))
    const [root, at] = [rootOf(node), [...index]]
    for (let each: Node = node; isNode(each, "broadcast"); each = each.inputs[0]) at[each.attributes.axis] = ir.i32(0)
    return read(root, at)
  }
  const copy = (from: Buffer, to: Buffer): Statement => {
    const i = fresh("i")
    return ir.parallel(i, to.length, [ir.store(to, ir.local(i), ir.load(from, ir.local(i)))])
  }

  const cleared = (name: string): Statement => {
    const [buffer, i] = [buffers.find((each) => each.name === name)!, fresh("i")]
    return ir.parallel(i, buffer.length, [ir.store(buffer, ir.local(i), ir.constant(DTYPE[buffer.dtype].scalar, 0))])
  }

  /** One loop for element-wise nodes of one shape. */
  const fused = (group: readonly Node[]): void => {
    const { shape } = group[0]!
    const flatten = !group.some((node) => node.inputs.some(isBroadcast)) // then one loop over all elements will do
    const over: Shape = flatten ? [sizeOf(shape)] : shape
    const axes = over.map((_, axis) => fresh(`axis${axis}`))
    const index = axes.map((axis) => ir.local(axis))
    const values = new Map<Node, Expression>()
    const lets: Statement[] = []
    const stores: Statement[] = []
    const bind = (value: Expression): Expression => {
      const named = ir.local(fresh("element"), scalarOf(value))
      lets.push(ir.let_(named, value))
      return named
    }
    for (const node of group) {
      const { reference } = rulesOf(node)
      assert(reference.kind === "element", "a group is element-wise")
      const operands = node.inputs.map((input) => {
        if (values.has(input)) return values.get(input)!
        return flatten && !isNode(input, "fill") ? ir.load(home(input), index[0]!) : read(input, index)
      })
      values.set(node, bind(reference.value(operands, node.attributes, bind)))
      if (!escapes(node)) continue
      const weight = updated.get(node)
      if (weight && inPlace(node, weight) && !outputNames.has(node) && !needed(node))
        stored.set(node, stored.get(weight)!)
      stores.push(ir.store(home(node), flat(over, index), values.get(node)!))
    }
    const [last, length] = [axes.at(-1)!, over.at(-1)!]
    const inner: Statement = ir.parallel(last, length, [...lets, ...stores])
    body.push(
      over.slice(0, -1).reduceRight<Statement>((nest, length, axis) => ir.loop(axes[axis]!, length, [nest]), inner),
    )
  }
  const operand = (node: Node): Operand => {
    if (isNode(node, "fill") || isBroadcast(node)) materialise(node)
    return { buffer: home(node), shape: node.shape }
  }
  /** Writes out what is otherwise only looked through. */
  const materialise = (node: Node): void => {
    if (stored.has(node)) return
    const axes = node.shape.map((_, axis) => fresh(`axis${axis}`))
    const index = axes.map((axis) => ir.local(axis))
    const value = read(node, index)
    const nest = node.shape.reduceRight<Statement>(
      (inner, length, axis) => ir.loop(axes[axis]!, length, [inner]),
      ir.store(home(node), flat(node.shape, index), value),
    )
    body.push(nest)
  }
  /** One run of a kernel serves every node that takes another of its outputs for the same inputs. */
  const inline = (node: Node<"kernel">): void => {
    const { program } = node.attributes
    const calls = order.filter(
      (each): each is Node<"kernel"> =>
        isNode(each, "kernel") &&
        each.attributes.program === program &&
        each.inputs.every((input, i) => input === node.inputs[i]),
    )
    if (calls[0] !== node) return
    const stem = `k_${program.name}`.slice(0, STEM_MAX / 2)
    const own = new Map<string, string>()
    const inputs = program.buffers.filter(({ access }) => access === "input")
    const places = new Map(inputs.map((buffer, i) => [buffer.name, operand(node.inputs[i]!).buffer.name]))
    const given = new Map<string, Buffer>()
    for (const call of calls) {
      const buffer = given.get(call.attributes.output) ?? home(call)
      given.set(call.attributes.output, buffer)
      stored.set(call, buffer)
      places.set(call.attributes.output, buffer.name)
    }
    const renamed = renameProgram(program, (inner) => {
      const known = places.get(inner) ?? own.get(inner) ?? fresh(`${stem}_${inner}`)
      own.set(inner, known)
      return known
    })
    const outside = new Set(places.values())
    for (const buffer of renamed.buffers)
      if (!outside.has(buffer.name)) declare(buffer.access === "constant" ? buffer : { ...buffer, access: "scratch" })
    // Whoever wrote the kernel: what an earlier run left must not show, or an answer would depend on the ones before it.
    for (const { name, access } of renamed.buffers)
      if (access !== "input" && access !== "constant") body.push(cleared(name))
    body.push(...renamed.body)
  }

  for (const group of groups) {
    const node = group[0]!
    const { reference } = rulesOf(node)
    if (reference.kind === "element") fused(group)
    else if (reference.kind === "loops") {
      const inputs = node.inputs.map(operand)
      body.push(...reference.body(node)(inputs, { buffer: home(node), shape: node.shape }, scratch))
    } else if (isNode(node, "kernel")) inline(node)
    else if (outputNames.has(node)) materialise(node)
  }
  const changes = updates.map(({ weight, value }) => ({ to: stored.get(weight)!, from: operand(value).buffer, value }))
  // A node may be asked for under two names, and an input or a weight may be an output: each name gets its own copy.
  const copies = Object.entries(outputs).flatMap(([outputName, node]) => {
    const from = operand(node).buffer
    return from.name === outputName
      ? []
      : [copy(from, declare(ir.buffer("output", from.dtype, outputName, from.length)))]
  })
  // A weight that takes the old value of another, which itself changes, takes it from a copy: a <-> b is a swap.
  const moves = changes.flatMap(({ to, from, value }) => {
    if (to === from) return []
    if (!updates.some(({ weight }) => weight === value)) return [copy(from, to)]
    const held = scratch.buffer(from.dtype, from.length)
    copies.push(copy(from, held))
    return [copy(held, to)]
  })
  return { name, buffers, body: [...body, ...copies, ...moves] satisfies Block }
}
const scalarFor = ({ dtype }: Node): "i32" | "f32" => (dtype === "f32" ? "f32" : "i32")

/** Row-major place of an element; an index of 0 along an axis costs nothing. */
function flat(shape: Shape, index: readonly Expression[]): Expression {
  const strides = stridesOf(shape)
  const terms = index.flatMap((at, axis) => {
    if (at.kind === "constant") return at.value === 0 ? [] : [ir.i32(at.value * strides[axis]!)]
    return [strides[axis] === 1 ? at : ir.mul(at, ir.i32(strides[axis]!))]
  })
  return terms.length === 0 ? ir.i32(0) : ir.total(...terms)
}

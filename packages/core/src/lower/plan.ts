import type { Dtype } from "../base/dtype.ts"
import {
  type Block,
  type Buffer,
  type Expression,
  expressionsOf,
  operandsOf,
  type Program,
  statementsOf,
} from "../ir/program.ts"
import { renameProgram } from "../ir/rename.ts"

/**
 * The same program in less memory: scratch buffers of one dtype that are never in use at the same time become one.
 *
 * A buffer is in use from the first statement of the body that touches it to the last, statements counted at the top level
 * (a loop is one). Whatever lower/ makes is written before it is read in every run, so that what a neighbour left does not
 * show; what another entry touches, or a name in `kept`, outlasts the run and keeps a place of its own.
 * First fit by size, largest first: interval-graph colouring as in Pisarchyk & Lee 2020, arXiv:2001.03288, section 3.
 */
export function planMemory(program: Program, kept: ReadonlySet<string> = new Set()): Program {
  const lasting = new Set([...kept, ...Object.values(program.entries ?? {}).flatMap((block) => [...buffersOf(block)])])
  const uses = usesOf(program.body)
  const movable = program.buffers.filter(({ name, access }) => access === "scratch" && !lasting.has(name))
  const slots: Slot[] = []
  for (const buffer of movable.toSorted((a, b) => b.length - a.length)) {
    const use = uses.get(buffer.name) ?? { first: 0, last: -1 }
    const free = slots.find(({ dtype, uses }) => dtype === buffer.dtype && uses.every((other) => apart(use, other)))
    if (free) {
      free.uses.push(use)
      free.names.push(buffer.name)
    } else slots.push({ dtype: buffer.dtype, uses: [use], names: [buffer.name] })
  }
  const place = new Map(slots.flatMap(({ names }) => names.map((name) => [name, names[0]!] as const)))
  const isKept = ({ name }: Buffer): boolean => (place.get(name) ?? name) === name
  return renameProgram({ ...program, buffers: program.buffers.filter(isKept) }, (name) => place.get(name) ?? name)
}

interface Use {
  readonly first: number
  readonly last: number
}
interface Slot {
  readonly dtype: Dtype
  readonly uses: Use[]
  /** The largest buffer first: it gives the slot its name and length. */
  readonly names: string[]
}
const apart = (a: Use, b: Use): boolean => a.last < b.first || b.last < a.first

function usesOf(body: Block): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>()
  for (const [at, statement] of body.entries())
    for (const name of buffersOf([statement])) uses.set(name, { first: uses.get(name)?.first ?? at, last: at })
  return uses
}

/** The buffers that a block touches. */
function buffersOf(block: Block): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (e: Expression): void => {
    if (e.kind === "load") names.add(e.buffer)
    for (const operand of operandsOf(e)) visit(operand)
  }
  for (const s of statementsOf(block)) {
    if (s.kind === "store") names.add(s.buffer)
    for (const e of expressionsOf(s)) visit(e)
  }
  return names
}

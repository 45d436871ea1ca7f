import { assert } from "../base/problem.ts"
import type { Access, Block, Buffer, Program } from "../ir/program.ts"
import { renameProgram } from "../ir/rename.ts"

/** One program of many. */
export interface Part {
  /** Begins the names of all that is the part's own. */
  readonly name: string
  readonly program: Program
  /** Buffers that meet others, by their name in the part: those with one name in the whole are one buffer. */
  readonly wires: Readonly<Record<string, string>>
}
export interface Linked {
  readonly program: Program
  /** What each part's buffers are called in the whole. */
  readonly names: Readonly<Record<string, Readonly<Record<string, string>>>>
}
/** The entry of a program for what depends on weights alone: to be done once, before the others. */
export const PREPARE = "prepare"

/**
 * Many programs as one, over one set of buffers. Only what the caller wires is shared; everything else gets a name of
 * its own, so no part can see another's. The parts in `runs` are done one after the other, as the body, and so are what
 * they prepare, as `prepare`; each other part is an entry of its name. A part's own entries become `PART_ENTRY`.
 *
 * Buffers that meet agree in dtype and length (a part may also ask for less: see `meet`), wherever they come from; what
 * `taken` names is left alone. Errors: wires that do not fit are a bug of the caller.
 */
export function link(
  name: string,
  parts: readonly Part[],
  { runs = [], taken = [] }: { readonly runs?: readonly string[]; readonly taken?: Iterable<string> } = {},
): Linked {
  const fresh = namer([...taken, ...parts.flatMap(({ wires }) => Object.values(wires))])
  const buffers = new Map<string, Buffer>()
  const names: Record<string, Readonly<Record<string, string>>> = {}
  const entries: Record<string, Block> = {}
  const bodies = new Map<string, Block>()
  const enter = (entry: string, block: Block): void => {
    assert(!Object.hasOwn(entries, entry), `two entries are called ${entry}`)
    entries[entry] = block
  }
  for (const part of parts) {
    assert(!Object.hasOwn(names, part.name), `two parts are called ${part.name}`)
    const unknown = Object.keys(part.wires).find((own) => !part.program.buffers.some((b) => b.name === own))
    assert(unknown === undefined, `${part.name} has no buffer ${unknown}`)
    const own = new Map(Object.entries(part.wires))
    const renamed = renameProgram(part.program, (inner) => {
      const known = own.get(inner) ?? fresh(`${part.name}_${inner}`)
      own.set(inner, known)
      return known
    })
    for (const buffer of renamed.buffers) {
      const other = buffers.get(buffer.name)
      buffers.set(buffer.name, other ? meet(other, buffer) : buffer)
    }
    names[part.name] = Object.fromEntries(part.program.buffers.map((b) => [b.name, own.get(b.name)!]))
    if (runs.includes(part.name)) bodies.set(part.name, renamed.body)
    else enter(part.name, renamed.body)
    for (const [entry, block] of Object.entries(renamed.entries ?? {}))
      if (entry === PREPARE && runs.includes(part.name)) entries[PREPARE] = [...(entries[PREPARE] ?? []), ...block]
      else enter(`${part.name}_${entry}`, block)
  }
  const body = runs.flatMap((part) => {
    assert(bodies.has(part), `there is no part ${part} to run`)
    return bodies.get(part)!
  })
  const whole = { name, buffers: [...buffers.values()], body }
  return { program: Object.keys(entries).length > 0 ? { ...whole, entries } : whole, names }
}

/** Who fills what two parts share, the first that applies: values stand fast, a state stays, an output is written. */
const STRONGEST: readonly Access[] = ["constant", "state", "output", "scratch", "input"]

/** One buffer for two uses: as long as the longer one, since what fits less of it is in range of all of it. */
function meet(a: Buffer, b: Buffer): Buffer {
  assert(a.dtype === b.dtype, `${a.name} is ${a.dtype} and ${b.dtype}`)
  const strongest = STRONGEST.find((access) => a.access === access || b.access === access)!
  const owner = a.access === strongest ? a : b
  const isFixed = owner.access === "constant"
  assert(!isFixed || owner.length >= Math.max(a.length, b.length), `${a.name} has ${owner.length} values`)
  const other = owner === a ? b : a
  assert(other.access !== "constant" || sameValues(owner, other), `${a.name} has two sets of values`)
  return { ...owner, length: Math.max(a.length, b.length) }
}

/** To the bit: -0 is not 0. */
export const sameValues = (a: Buffer, b: Buffer): boolean =>
  a.length === b.length && a.values!.every((value, i) => Object.is(value, b.values![i]))

const NAME_MAX = 64
/** Names that begin with a stem and are nobody else's. */
function namer(reserved: Iterable<string>): (stem: string) => string {
  const taken = new Set(reserved)
  return (stem) => {
    let found = stem.slice(0, NAME_MAX)
    for (let n = 1; taken.has(found); n++) found = `${stem.slice(0, NAME_MAX - 8)}_${n}`
    taken.add(found)
    return found
  }
}

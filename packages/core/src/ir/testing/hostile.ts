import fc from "fast-check"
import { DTYPE, type Dtype, numbersOf, type Scalar } from "../../base/dtype.ts"
import {
  add,
  and,
  binary,
  buffer,
  clamp,
  constant,
  i32,
  type Local,
  let_,
  load,
  loadPacked,
  local,
  loop,
  loopUpTo,
  mul,
  parallel,
  select,
  set,
  store,
  table,
  unary,
  when,
} from "../build.ts"
import type { Memory } from "../interpret.ts"
import {
  BINARY,
  type Binary,
  type Buffer,
  type Expression,
  operandOf,
  PACKED,
  type Program,
  type Statement,
  scalarOf,
  UNARY,
  type Unary,
} from "../program.ts"
import { type Draw, drawFrom, EDGES } from "./draw.ts"

/** Every test's title prints it; `SEED=… npx vitest` draws the same cases again. */
export const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31)
/** More runs for a longer search: `RUNS=10000 npx vitest …`. */
export const RUNS = Number(process.env["RUNS"] ?? 80)

/** What every engine can do: f64 is the interpreter's alone. */
export const UNARIES = (Object.keys(UNARY) as Unary[]).filter((op) => !op.includes("f64"))
export const BINARIES = (Object.keys(BINARY) as Binary[]).filter((op) => !op.includes("f64"))

const DTYPES = ["i8", "u8", "i16", "u16", "i32", "f32"] as const satisfies readonly Dtype[]
const ofScalar = { i32: DTYPES.slice(0, 5), f32: DTYPES.slice(5) } as const
type Drawn = "i32" | "f32"

const NOT_FOR_LANES = /div_|rem_|bits_of/

/** A part of a program; its names begin with a prefix of its own. */
interface Piece {
  readonly buffers: Buffer[]
  readonly body: Statement[]
}

/** A random valid program of `pieces` parts of all kinds; one in four has an entry beside its body. */
export function programFrom(seed: number, pieces = 1): Program {
  const draw = drawFrom(seed)
  const piece = (prefix: string): Piece =>
    draw.pick([parallelPiece, parallelPiece, plainPiece, plainPiece, tilePiece])(draw, prefix)
  const all = Array.from({ length: pieces }, (_, n) => piece(`p${n}`))
  const again = draw.between(0, 3) === 0 ? piece("again") : undefined
  return {
    name: "hostile",
    buffers: [...all, ...(again ? [again] : [])].flatMap(({ buffers }) => buffers),
    body: all.flatMap(({ body }) => body),
    ...(again && { entries: { again: again.body } }),
  }
}
export const hostileProgram = (pieces = 1): fc.Arbitrary<Program> => SEEDS.map((seed) => programFrom(seed, pieces))
const SEEDS = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** What random expressions are made of, at one place of a program. */
interface Place {
  readonly draw: Draw
  allows(op: Unary | Binary): boolean
  /** A load, a local or the like. */
  leaf(scalar: Drawn): Expression
  /** Of a shift: lanes can only have one that they share. */
  count(): Expression
}
function tree(place: Place, scalar: Drawn, depth: number): Expression {
  const { draw } = place
  const kind = depth === 0 ? 0 : draw.between(0, 9)
  if (kind < 2) return draw.between(0, 3) === 0 ? constant(scalar, draw.number(scalar)) : place.leaf(scalar)
  const next = (of: Scalar): Expression => tree(place, of as Drawn, depth - 1)
  if (kind === 2) return select(next("i32"), next(scalar), next(scalar))
  if (kind === 3) {
    const op = draw.pick(UNARIES.filter((each) => UNARY[each] === scalar && place.allows(each)))
    return unary(op, next(operandOf(op)))
  }
  const op = draw.pick(BINARIES.filter((each) => BINARY[each] === scalar && place.allows(each)))
  if (op.includes("i32.sh")) return binary(op, next("i32"), place.count())
  return binary(op, next(operandOf(op)), next(operandOf(op)))
}

/**
 * A loop whose rounds are independent: contiguous and shared loads, lets, inner sums with a shared count, in-place and
 * narrow stores. Most run as lanes; now and then an expression is drawn that no lane can do.
 */
function parallelPiece(draw: Draw, prefix: string): Piece {
  const rounds = draw.between(1, 70)
  const offset = draw.between(0, 3)
  const steps = draw.between(1, 5)
  const inputs = DTYPES.map((dtype) => buffer("input", dtype, `${prefix}_${dtype}`, rounds * steps + offset))
  const [round, step] = [`${prefix}_i`, `${prefix}_k`]
  const [i, k] = [local(round), local(step)]
  const names: { readonly name: string; readonly scalar: Drawn }[] = []
  const buffers: Buffer[] = [...inputs]

  const from = (scalar: Drawn): Buffer => {
    const dtype: Dtype = draw.pick<Dtype>(ofScalar[scalar])
    return inputs.find((each) => each.dtype === dtype)!
  }
  const shared = (scalar: Drawn): Expression => {
    const source = from(scalar)
    return load(source, i32(draw.between(0, source.length - 1)))
  }
  const friendly = draw.between(0, 3) > 0
  const place = (inner: boolean): Place => ({
    draw,
    allows: (op) => !friendly || !NOT_FOR_LANES.test(op),
    count: () => (draw.flip() ? shared("i32") : i32(draw.between(-40, 40))),
    leaf: (scalar) => {
      const known = names.filter((each) => each.scalar === scalar)
      const kind = draw.between(0, 5)
      if (kind === 0) return shared(scalar)
      if (kind === 1 && inner) return load(from(scalar), k)
      if (kind < 4 && known.length > 0) return local(draw.pick(known).name, scalar)
      if (kind === 4 && inner) return load(from(scalar), add(binary("i32.mul", k, i32(rounds)), i))
      if (kind === 5 && inner && scalar === "i32") return k
      if (kind === 5 && steps > 1 && scalar === "i32") return packedLoad(inner)
      if (kind === 5 && steps > 1 && !friendly) return load(from(scalar), add(i, i))
      return load(from(scalar), draw.flip() ? i : add(i32(offset), i))
    },
  })
  /** Of neighbours that differ from round to round, or are shared. */
  const packedLoad = (inner: boolean): Expression => {
    const packed = steps >= 4 && draw.flip() ? 4 : 2
    const packing = draw.pick<Dtype>(PACKED[packed])
    const source = inputs.find(({ dtype }) => dtype === packing)!
    const index = draw.flip() ? binary("i32.mul", i, i32(packed)) : inner ? k : i32(0)
    return loadPacked(packed, source, source.length < packed ? i32(0) : index)
  }
  const value = (scalar: Drawn, inner = false): Expression => tree(place(inner), scalar, draw.between(0, 3))
  const scalarDrawn = (): Drawn => draw.pick<Drawn>(["i32", "f32"])

  const body: Statement[] = []
  const bind = (e: Expression): string => {
    const name = `${prefix}_v${names.length}`
    body.push(let_(name, e))
    names.push({ name, scalar: scalarOf(e) as Drawn })
    return name
  }
  for (let n = draw.between(0, 2); n > 0; n--) bind(value(scalarDrawn()))
  if (draw.flip()) {
    const scalar = scalarDrawn()
    const sum = bind(draw.flip() ? constant(scalar, 0) : value(scalar))
    const inside = [set(sum, binary(`${scalar}.add`, local(sum, scalar), value(scalar, true)))]
    const [first] = names
    if (first && draw.flip()) inside.push(set(first.name, value(first.scalar, true)))
    const count = shared("i32")
    body.push(draw.flip() ? loop(step, steps, inside) : loopUpTo(step, count, steps, inside))
  }
  for (let n = draw.between(1, 3); n > 0; n--) {
    const scalar = scalarDrawn()
    const dtype: Dtype = draw.pick<Dtype>(ofScalar[scalar])
    const access = draw.pick<"output" | "state">(["output", "state"])
    const target = buffer(access, dtype, `${prefix}_out${n}`, rounds + offset)
    const index = draw.flip() ? i : add(i, i32(offset))
    buffers.push(target)
    const changed = draw.flip() ? binary(`${scalar}.sub`, load(target, index), value(scalar)) : value(scalar)
    body.push(store(target, index, changed))
  }
  return { buffers, body: [parallel(round, rounds, body)] }
}

/**
 * A tile of a product as schedules write it: several sums at once for each of a parallel loop's columns, of plain numbers
 * or of packed ones whose parts are multiplied together, masked now and then so that a narrower multiplication will do.
 */
function tilePiece(draw: Draw, prefix: string): Piece {
  const [rows, columns, depth, sums] = [draw.between(1, 4), draw.between(1, 40), draw.between(1, 6), draw.between(1, 4)]
  const kind = draw.pick(["f32", "i32", "dot2", "dot4"] as const)
  const scalar: Drawn = kind === "f32" ? "f32" : "i32"
  const parts = kind === "dot4" ? 4 : kind === "dot2" ? 2 : 1
  const dtype = (): Dtype => {
    if (kind === "f32") return "f32"
    return draw.pick<Dtype>(parts === 1 ? ofScalar.i32 : PACKED[parts])
  }
  const left = buffer("input", dtype(), `${prefix}_left`, rows * sums * depth * parts)
  const right = buffer("input", dtype(), `${prefix}_right`, depth * columns * parts)
  const out = buffer(
    draw.pick(["output", "state"] as const),
    draw.pick<Dtype>(ofScalar[scalar]),
    `${prefix}_out`,
    rows * sums * columns,
  )
  const [r, k, j] = ["r", "k", "j"].map((name) => local(`${prefix}_${name}`)) as [Local, Local, Local]
  const mask = parts > 1 && draw.flip() ? draw.pick([0x7f7f7f7f, 0x0f0f0f0f, 0x7f7f7fff]) : undefined
  const loaded = (from: Buffer, element: Expression): Expression => {
    if (parts === 1) return load(from, element)
    const word = loadPacked(parts, from, mul(element, i32(parts)))
    return mask === undefined ? word : and(word, mask)
  }
  const product = (a: Expression, b: Expression): Expression =>
    parts === 1 ? mul(a, b) : binary(kind === "dot4" ? "i32.dot4_i8" : "i32.dot2_i16", a, b)
  const sum = (n: number): Local => local(`${prefix}_s${n}`, scalar)
  const rowOf = (n: number): Expression => add(mul(r, i32(sums)), i32(n))
  const each = Array.from({ length: sums }, (_, n) => n)
  const shared = local(`${prefix}_b`, scalar)
  const inner = [
    let_(shared, loaded(right, add(mul(k, i32(columns)), j))),
    ...each.map((n) => set(sum(n), add(sum(n), product(loaded(left, add(mul(rowOf(n), i32(depth)), k)), shared)))),
  ]
  const nest = parallel(j, columns, [
    ...each.map((n) => let_(sum(n), constant(scalar, draw.flip() ? 0 : draw.number(scalar)))),
    loop(k, depth, inner),
    ...each.map((n) => store(out, add(mul(rowOf(n), i32(columns)), j), sum(n))),
  ])
  return { buffers: [left, right, out], body: [(draw.flip() ? parallel : loop)(r, rows, [nest])] }
}

/** Lets, sets, stores, branches and loops as they come: every index is brought into range by one of the known ways. */
function plainPiece(draw: Draw, prefix: string): Piece {
  const length = (): number => draw.between(1, 20)
  const constants = table(
    "i16",
    `${prefix}_table`,
    Array.from({ length: draw.between(1, 9) }, () => draw.between(-32768, 32767)),
  )
  const inputs = [...DTYPES.map((dtype) => buffer("input", dtype, `${prefix}_${dtype}`, length())), constants]
  const targets = DTYPES.map((dtype) =>
    buffer(draw.pick<"output" | "state">(["output", "state"]), dtype, `${prefix}_to_${dtype}`, length()),
  )
  const scratch = buffer("scratch", "i32", `${prefix}_scratch`, length())
  const readable = [...inputs, ...targets, scratch]
  type Name = { readonly name: string; readonly scalar: Drawn; readonly settable: boolean; readonly below: number }
  let count = 0

  /** `nested` indices deep: each is an expression of its own, and there is a limit for all of them together. */
  const placeIn = (scope: readonly Name[], nested = 0): Place => {
    const place: Place = {
      draw,
      allows: () => true,
      count: () => tree(place, "i32", 1),
      leaf: (scalar) => {
        const known = scope.filter((each) => each.scalar === scalar)
        if (known.length > 0 && draw.flip()) return local(draw.pick(known).name, scalar)
        const packed = scalar === "i32" ? draw.pick([undefined, undefined, 2 as const, 4 as const]) : undefined
        const sources = readable.filter(
          ({ dtype, length }) => packed && length >= packed && (PACKED[packed] as readonly Dtype[]).includes(dtype),
        )
        if (packed && sources.length > 0) {
          const from = draw.pick(sources)
          return loadPacked(packed, from, clamp(anyIndex(scope, nested), 0, from.length - packed))
        }
        const source = draw.pick(readable.filter(({ dtype }) => DTYPE[dtype].scalar === scalar))
        return load(source, indexInto(source, scope, nested))
      },
    }
    return place
  }
  const anyIndex = (scope: readonly Name[], nested: number): Expression =>
    nested < 4 ? tree(placeIn(scope, nested + 1), "i32", 1) : i32(draw.number("i32"))
  const indexInto = ({ length }: Buffer, scope: readonly Name[], nested = 0): Expression => {
    const fitting = scope.filter(({ below }) => below <= length)
    const kind = draw.between(0, 5)
    if (kind === 0 && fitting.length > 0) return local(draw.pick(fitting).name)
    if (kind < 3) return i32(draw.between(0, length - 1))
    const any = anyIndex(scope, nested)
    if (kind === 3) return clamp(any, 0, length - 1)
    if (kind === 4) return binary("i32.rem_u", any, i32(length))
    return and(any, 2 ** Math.floor(Math.log2(length)) - 1)
  }
  const block = (outer: readonly Name[], depth: number): Statement[] => {
    const scope = [...outer]
    const value = (scalar: Drawn): Expression => tree(placeIn(scope), scalar, draw.between(0, 3))
    const statement = (): Statement => {
      const kind = draw.between(0, depth === 0 ? 6 : 8)
      const scalar = draw.pick<Drawn>(["i32", "f32"])
      if (kind < 2) {
        const made = let_(`${prefix}_v${count++}`, value(scalar))
        scope.push({ name: `${prefix}_v${count - 1}`, scalar, settable: true, below: Infinity })
        return made
      }
      const settable = scope.filter((each) => each.settable)
      if (kind < 4 && settable.length > 0) {
        const { name, scalar } = draw.pick(settable)
        return set(name, value(scalar))
      }
      if (kind < 7) {
        const target = draw.pick([...targets, scratch])
        return store(target, indexInto(target, scope), value(DTYPE[target.dtype].scalar as Drawn))
      }
      if (kind === 7) return when(value("i32"), block(scope, depth - 1), draw.flip() ? block(scope, depth - 1) : [])
      const [index, maximum] = [`${prefix}_v${count++}`, draw.between(0, 6)]
      const body = block([...scope, { name: index, scalar: "i32", settable: false, below: maximum }], depth - 1)
      return draw.flip() ? loop(index, maximum, body) : loopUpTo(index, value("i32"), maximum, body)
    }
    return Array.from({ length: draw.between(1, 5) }, statement)
  }
  return { buffers: [...readable], body: block([], 3) }
}

/** Contents for the buffers of the given kinds. */
export function memoryFrom(seed: number, { buffers }: Program, ...accesses: readonly Buffer["access"][]): Memory {
  const draw = drawFrom(seed)
  const filled = buffers.filter(({ access }) => accesses.includes(access))
  return Object.fromEntries(
    filled.map(({ name, dtype, length }) => {
      const { scalar } = DTYPE[dtype]
      return [
        name,
        numbersOf(
          dtype,
          Array.from({ length }, () => draw.number(scalar)),
        ),
      ]
    }),
  )
}
export const memoryFor = (program: Program, ...accesses: readonly Buffer["access"][]): fc.Arbitrary<Memory> =>
  SEEDS.map((seed) => memoryFrom(seed, program, ...accesses))

/** Every operation on every pair of edges and on random operands, as plain code and as lanes. */
export function everyOperation(): { readonly program: Program; readonly memory: Memory } {
  const draw = drawFrom(SEED)
  const operands = (scalar: Drawn): readonly (readonly [number, number])[] => [
    ...EDGES[scalar].flatMap((a) => EDGES[scalar].map((b) => [a, b] as const)),
    ...Array.from({ length: 90 }, () => [draw.number(scalar), draw.number(scalar)] as const),
  ]
  const sides = (["i32", "f32"] as const).flatMap((scalar) => {
    const pairs = operands(scalar)
    return ([0, 1] as const).map((at) => ({
      input: buffer("input", scalar, `${scalar}_${"ab"[at]}`, pairs.length),
      values: numbersOf(
        scalar,
        pairs.map((pair) => pair[at]),
      ),
    }))
  })
  const cases = [...UNARIES, ...BINARIES].flatMap((op) => {
    const [left, right] = sides.filter(({ input }) => input.dtype === operandOf(op)).map(({ input }) => input)
    const value = (i: string): Expression => {
      const [a, b] = [load(left!, local(i)), load(right!, local(i))]
      return isUnary(op) ? unary(op, a) : binary(op, a, b)
    }
    const made = (make: typeof loop, kind: string, valueAt: (i: string) => Expression) => {
      const name = `${op.replace(".", "_")}_${kind}`
      const out = buffer("output", scalarOf(valueAt("i")), name, left!.length)
      return { out, code: make(`i_${name}`, out.length, [store(out, local(`i_${name}`), valueAt(`i_${name}`))]) }
    }
    const float = { ...UNARY, ...BINARY }[op] === "f32" // its NaN may have another sign or payload on each machine
    const bits = float ? [made(loop, "bits", (i) => unary("i32.bits_of_f32", value(i)))] : []
    return [made(loop, "plain", value), made(parallel, "lanes", value), ...bits]
  })
  return {
    program: {
      name: "every_operation",
      buffers: [...sides.map(({ input }) => input), ...cases.map(({ out }) => out)],
      body: cases.map(({ code }) => code),
    },
    memory: Object.fromEntries(sides.map(({ input, values }) => [input.name, values])),
  }
}
const isUnary = (op: Unary | Binary): op is Unary => Object.hasOwn(UNARY, op)

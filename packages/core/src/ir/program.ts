import { DTYPE, type Dtype, type Scalar } from "../base/dtype.ts"

/**
 * Loop IR: the whole grammar on one screen. Plain readonly data, no methods, no parents.
 * What each operation means, to the bit, stands in arithmetic.ts; which programs are allowed, in validate.ts.
 */
export type Expression =
  | { readonly kind: "constant"; readonly scalar: Scalar; readonly value: number }
  | { readonly kind: "local"; readonly scalar: Scalar; readonly name: string }
  /** With `packed`, that many neighbours from `index` on as the parts of one i32, the first one lowest: see PACKED. */
  | {
      readonly kind: "load"
      readonly dtype: Dtype
      readonly buffer: string
      readonly index: Expression
      readonly packed?: Packed
    }
  | { readonly kind: "unary"; readonly op: Unary; readonly value: Expression }
  | { readonly kind: "binary"; readonly op: Binary; readonly left: Expression; readonly right: Expression }
  /** Both branches are computed; `condition` is true when it is not 0. */
  | {
      readonly kind: "select"
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    }

export type Statement =
  /** Names a value; a name is bound once in a program, whatever its block. */
  | { readonly kind: "let"; readonly name: string; readonly value: Expression }
  | { readonly kind: "set"; readonly name: string; readonly value: Expression }
  | { readonly kind: "store"; readonly buffer: string; readonly index: Expression; readonly value: Expression }
  | { readonly kind: "if"; readonly condition: Expression; readonly yes: Block; readonly no: Block }
  /**
   * Runs `body` for index = 0 … n − 1, where n is `count` at entry, clamped to 0 … `maximum`: always bounded.
   * `parallel` promises that no round reads or writes what another writes, buffers and locals alike, so that rounds may
   * run in any order or as lanes.
   */
  | {
      readonly kind: "loop"
      readonly index: string
      readonly count: Expression
      readonly maximum: number
      readonly parallel: boolean
      readonly body: Block
    }
export type Block = readonly Statement[]

export interface Buffer {
  readonly name: string
  readonly dtype: Dtype
  readonly length: number
  /** Who fills it and who reads it: `input` and `output` are the caller's, `state` both, `scratch` nobody's. */
  readonly access: Access
  /** Contents of a `constant`. */
  readonly values?: readonly number[]
}
export const ACCESSES = ["input", "output", "state", "scratch", "constant"] as const
export type Access = (typeof ACCESSES)[number]

export interface Program {
  readonly name: string
  readonly buffers: readonly Buffer[]
  /** What a run does. */
  readonly body: Block
  /** Other things to do with the same buffers, by name: `prepare`, `step`, `reset`, … */
  readonly entries?: Readonly<Record<string, Block>>
}
/** All blocks that something outside can call, `body` first. */
export const blocksOf = ({ body, entries = {} }: Pick<Program, "body" | "entries">): readonly Block[] => [
  body,
  ...Object.values(entries),
]

/** How many elements one packed load takes, and which dtypes fit: two parts of 16 bits, or four of 8. */
export const PACKED = { 2: ["i8", "u8", "i16", "u16"], 4: ["i8", "u8"] } as const
export type Packed = keyof typeof PACKED & number

/** Each operation and the scalar that it gives; it takes operands of the scalar before its dot, or those of TAKES. */
export const UNARY = {
  "f32.sqrt": "f32",
  "f64.sqrt": "f64",
  "i32.from_f32": "i32",
  "i32.from_f64": "i32", // towards zero, saturating, NaN to 0
  "f32.from_i32": "f32",
  "f64.from_i32": "f64",
  "i32.bits_of_f32": "i32",
  "f32.of_bits": "f32",
  "f64.exp": "f64",
  "f64.log": "f64", // for gradient checks alone: no target has them
} as const satisfies Readonly<Record<string, Scalar>>
export const BINARY = {
  "i32.add": "i32",
  "i32.sub": "i32",
  "i32.mul": "i32",
  "i32.min": "i32",
  "i32.max": "i32",
  "i32.div_s": "i32",
  "i32.div_u": "i32",
  "i32.rem_s": "i32",
  "i32.rem_u": "i32",
  "i32.and": "i32",
  "i32.or": "i32",
  "i32.xor": "i32",
  "i32.shl": "i32",
  "i32.shr_s": "i32",
  "i32.shr_u": "i32",
  "i32.eq": "i32",
  "i32.ne": "i32",
  "i32.lt_s": "i32",
  "i32.le_s": "i32",
  "i32.lt_u": "i32",
  "i32.dot2_i16": "i32", // Σ of two products: halves of words, signed
  "i32.dot4_i8": "i32", // Σ of four products: bytes of words, signed
  "f32.add": "f32",
  "f32.sub": "f32",
  "f32.mul": "f32",
  "f32.div": "f32",
  "f32.min": "f32",
  "f32.max": "f32",
  "f32.eq": "i32",
  "f32.lt": "i32",
  "f32.le": "i32",
  "f64.add": "f64",
  "f64.sub": "f64",
  "f64.mul": "f64",
  "f64.div": "f64",
  "f64.min": "f64",
  "f64.max": "f64",
  "f64.eq": "i32",
  "f64.lt": "i32",
  "f64.le": "i32",
} as const satisfies Readonly<Record<string, Scalar>>
export type Unary = keyof typeof UNARY
export type Binary = keyof typeof BINARY

const TAKES: Readonly<Partial<Record<Unary, Scalar>>> = {
  "i32.from_f32": "f32",
  "i32.from_f64": "f64",
  "f32.from_i32": "i32",
  "f64.from_i32": "i32",
  "i32.bits_of_f32": "f32",
  "f32.of_bits": "i32",
}
const OPERAND = Object.fromEntries(
  [...Object.keys(UNARY), ...Object.keys(BINARY)].map((op) => [op, TAKES[op as Unary] ?? op.slice(0, 3)]),
) as Readonly<Record<Unary | Binary, Scalar>>
export const operandOf = (op: Unary | Binary): Scalar => OPERAND[op]

export function scalarOf(e: Expression): Scalar {
  switch (e.kind) {
    case "constant":
    case "local":
      return e.scalar
    case "load":
      return e.packed ? "i32" : DTYPE[e.dtype].scalar
    case "unary":
      return UNARY[e.op]
    case "binary":
      return BINARY[e.op]
    case "select":
      return scalarOf(e.yes)
    default:
      return e satisfies never
  }
}

/** Every statement of a block and of the blocks inside it, outermost first. */
export function statementsOf(block: Block): readonly Statement[] {
  const all: Statement[] = []
  const visit = (inner: Block): void => {
    for (const s of inner) {
      all.push(s)
      if (s.kind === "loop") visit(s.body)
      if (s.kind === "if") {
        visit(s.yes)
        visit(s.no)
      }
    }
  }
  visit(block)
  return all
}

/** The expressions that an expression is made of. */
export function operandsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case "constant":
    case "local":
      return []
    case "load":
      return [e.index]
    case "unary":
      return [e.value]
    case "binary":
      return [e.left, e.right]
    case "select":
      return [e.condition, e.yes, e.no]
    default:
      return e satisfies never
  }
}

/** The expressions of a statement itself, not those of the blocks inside it. */
export function expressionsOf(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case "let":
    case "set":
      return [s.value]
    case "store":
      return [s.index, s.value]
    case "if":
      return [s.condition]
    case "loop":
      return [s.count]
    default:
      return s satisfies never
  }
}

/** Whether any of its buffers holds floats or any of its expressions computes with them. */
export function hasFloats(program: Program): boolean {
  if (program.buffers.some(({ dtype }) => dtype === "f32" || dtype === "f64")) return true
  const isFloat = (e: Expression): boolean =>
    e.kind === "unary" || (e.kind === "constant" && e.scalar !== "i32") || operandsOf(e).some(isFloat)
  return blocksOf(program)
    .flatMap(statementsOf)
    .some((s) => expressionsOf(s).some(isFloat))
}

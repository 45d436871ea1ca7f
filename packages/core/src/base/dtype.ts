/** How numbers lie in memory. `f64` exists for gradient checks in the interpreter alone. */
export type Dtype = "i8" | "u8" | "i16" | "u16" | "i32" | "f32" | "f64"

/** How numbers are computed with: a small integer widens to i32 when it is loaded. */
export type Scalar = "i32" | "f32" | "f64"

export type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array | Float64Array

interface DtypeFacts {
  readonly bytes: 1 | 2 | 4 | 8
  readonly scalar: Scalar
  /** Smallest and largest value that a load can give, for integers. */
  readonly range: readonly [min: number, max: number] | undefined
  /** Name in a safetensors header. */
  readonly safetensors: string
  readonly array: new (source: number | ArrayBufferLike | readonly number[], at?: number, length?: number) => Numbers
}

/** The one table of dtypes. */
export const DTYPE = {
  i8: { bytes: 1, scalar: "i32", range: [-128, 127], safetensors: "I8", array: Int8Array },
  u8: { bytes: 1, scalar: "i32", range: [0, 255], safetensors: "U8", array: Uint8Array },
  i16: { bytes: 2, scalar: "i32", range: [-32768, 32767], safetensors: "I16", array: Int16Array },
  u16: { bytes: 2, scalar: "i32", range: [0, 65535], safetensors: "U16", array: Uint16Array },
  i32: { bytes: 4, scalar: "i32", range: [-2147483648, 2147483647], safetensors: "I32", array: Int32Array },
  f32: { bytes: 4, scalar: "f32", range: undefined, safetensors: "F32", array: Float32Array },
  f64: { bytes: 8, scalar: "f64", range: undefined, safetensors: "F64", array: Float64Array },
} as const satisfies Readonly<Record<Dtype, DtypeFacts>>

export const DTYPES = Object.keys(DTYPE) as readonly Dtype[]
export const isDtype = (text: unknown): text is Dtype => typeof text === "string" && Object.hasOwn(DTYPE, text)

export const zeros = (dtype: Dtype, length: number): Numbers => new DTYPE[dtype].array(length)
export const numbersOf = (dtype: Dtype, values: readonly number[]): Numbers => new DTYPE[dtype].array([...values])

/** The same memory, byte by byte. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

import { bytesOf, DTYPE, type Dtype, isDtype, type Numbers, zeros } from "../base/dtype.ts"
import { canonicalJson, type Json } from "../base/json.ts"
import { assert, refuse, suggest } from "../base/problem.ts"
import { type Shape, sizeOf } from "../base/shape.ts"
import { HEADER_MAX, type Header, metadataKey, type Place, readHeader } from "./safetensors_header.ts"

/** `data` is row-major and as long as `shape` says. */
export interface Tensor {
  readonly dtype: Dtype
  readonly shape: Shape
  readonly data: Numbers
}

/**
 * The bytes of a safetensors file. The same tensors and metadata give the same bytes: a canonical JSON header padded
 * with spaces to a multiple of 8, then the data, wide dtypes first and by name within one, so that each is aligned
 * without a gap. Errors: data that does not fit its dtype and shape is our bug.
 * Source: github.com/huggingface/safetensors, README.md, "Format".
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const entries = Object.entries(tensors).sort(
    ([a, one], [b, other]) => DTYPE[other.dtype].bytes - DTYPE[one.dtype].bytes || (a < b ? -1 : 1),
  )
  let end = 0
  const members: [string, Json][] = entries.map(([name, { dtype, shape, data }]) => {
    const facts = DTYPE[dtype]
    assert(name !== metadataKey, `a tensor is named ${metadataKey}`)
    assert(data instanceof facts.array && data.length === sizeOf(shape), `the data of ${name} is no ${dtype}[${shape}]`)
    const start = end
    end += data.byteLength
    return [name, { dtype: facts.safetensors, shape: [...shape], data_offsets: [start, end] }]
  })
  if (metadata !== undefined) members.push([metadataKey, { ...metadata }])
  const json = new TextEncoder().encode(canonicalJson(Object.fromEntries(members)))
  assert(json.length + 7 <= HEADER_MAX, `a header of ${json.length} bytes, which nobody here would read`)
  const header = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + header + end).fill(0x20, 8, 8 + header)
  new DataView(bytes.buffer).setUint32(0, header, true)
  bytes.set(json, 8)
  let at = 8 + header
  for (const [, { dtype, data }] of entries) {
    bytes.set(littleEndian(bytesOf(data), DTYPE[dtype].bytes), at)
    at += data.byteLength
  }
  return bytes
}

/**
 * The tensors of a safetensors file, each in memory of its own; `name` is what messages call the file. `only` leaves
 * out the others, which then may have dtypes that are unknown here. Errors: OB130 to OB137.
 */
export function readSafetensors(bytes: Uint8Array, name: string, only?: readonly string[]): Record<string, Tensor> {
  const header = readHeader(bytes, name)
  const names = only ?? Object.keys(header.tensors)
  const entries = names.map((tensor) => [tensor, readTensor(bytes, name, header, tensor)] as const)
  return Object.fromEntries(entries)
}

function readTensor(bytes: Uint8Array, file: string, { tensors, start }: Header, name: string): Tensor {
  const place = Object.hasOwn(tensors, name) ? tensors[name] : undefined
  if (place === undefined) {
    const hint = suggest(name, Object.keys(tensors))
    return refuse({ code: "OB137", seen: `${file} has no tensor \`${name}\`.`, hint })
  }
  const dtype = dtypeOf(place)
  if (dtype === undefined) {
    const known = Object.values(DTYPE).map((facts) => facts.safetensors)
    return refuse({
      code: "OB134",
      seen: `${file}: \`${name}\` has the dtype ${place.dtype}, which cannot be computed with here.`,
      hint: `Convert it to one of ${known.join(", ")}, or read the other tensors by name.`,
    })
  }
  const data = zeros(dtype, sizeOf(place.shape))
  const stored = bytes.subarray(start + place.start, start + place.end)
  bytesOf(data).set(littleEndian(stored, DTYPE[dtype].bytes))
  return { dtype, shape: place.shape, data }
}
const dtypeOf = (place: Place): Dtype | undefined =>
  Object.keys(DTYPE).find((dtype): dtype is Dtype => isDtype(dtype) && DTYPE[dtype].safetensors === place.dtype)

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
/** From this host's order of bytes to that of the file, or back. */
export const littleEndian = (bytes: Uint8Array, width: number): Uint8Array =>
  hostIsLittleEndian ? bytes : reverseEach(bytes, width)
/** Each run of `width` bytes back to front. */
export const reverseEach = (bytes: Uint8Array, width: number): Uint8Array =>
  bytes.map((_, i) => bytes[i - (i % width) + width - 1 - (i % width)]!)

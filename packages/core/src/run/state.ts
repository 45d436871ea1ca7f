import { type Digest, digest } from "../base/digest.ts"
import type { Numbers } from "../base/dtype.ts"
import { canonicalJson } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import { sameShape } from "../base/shape.ts"
import { readSafetensors, type Tensor, writeSafetensors } from "../module/safetensors.ts"
import { readHeader } from "../module/safetensors_header.ts"
import type { TensorType } from "./net_program.ts"

export type Tensors = Readonly<Record<string, Tensor>>

/** What a state belongs to: the same numbers mean something else elsewhere. */
export interface Home {
  /** Of the graph at its maxima. */
  readonly net: Digest
  /** Of the weights that no entry changes. */
  readonly weights: Digest
  /** Each state, what it is, and its version. */
  readonly state: Readonly<Record<string, TensorType & { readonly version: number }>>
}

/** Numbers of its own, each NaN the same one: engines agree on whether a number is one, not on its bits. */
export function canonical(data: Numbers): Numbers {
  const copy = data.slice()
  if (copy instanceof Float32Array) {
    const bits = new Uint32Array(copy.buffer)
    copy.forEach((value, i) => {
      if (Number.isNaN(value)) bits[i] = 0x7fc00000
    })
  }
  return copy
}

/** SHA-256 of canonical tensors: equal for equal states, on every engine. */
export const digestOf = (tensors: Tensors): Digest => digest(writeSafetensors(tensors))

/** A safetensors file that says what it belongs to. The same state of the same net gives the same bytes. */
export const writeSnapshot = (home: Home, tensors: Tensors): Uint8Array =>
  writeSafetensors(tensors, { ...marksOf(home), state: digestOf(tensors) })

const marksOf = ({ net, weights, state }: Home): Readonly<Record<string, string>> => {
  const versions = Object.fromEntries(Object.entries(state).map(([name, { version }]) => [name, version]))
  return { snapshot: "1", net, weights, versions: canonicalJson(versions) }
}

/**
 * The state in a snapshot of `home`. Errors: OB13x when it is no safetensors file, OB334 when it is of something else
 * or is damaged: written again, it must give the same bytes.
 */
export function readSnapshot(home: Home, bytes: Uint8Array): Tensors {
  const { metadata } = readHeader(bytes, NAME)
  for (const [mark, wanted] of Object.entries(marksOf(home)))
    if (metadata[mark] !== wanted) unfit(`its ${mark} is ${metadata[mark] ?? "not named"}, not ${wanted}`)
  const tensors = readSafetensors(bytes, NAME)
  const again = fits(home, tensors) ? writeSnapshot(home, tensors) : new Uint8Array()
  const isWhole = again.length === bytes.length && again.every((byte, i) => byte === bytes[i])
  return isWhole ? tensors : unfit("it is damaged")
}
const NAME = "the snapshot"
const fits = ({ state }: Home, tensors: Tensors): boolean =>
  Object.keys(tensors).length === Object.keys(state).length &&
  Object.entries(state).every(
    ([name, { dtype, shape }]) => tensors[name]?.dtype === dtype && sameShape(tensors[name].shape, shape),
  )
const unfit = (seen: string): never =>
  refuse({
    code: "OB334",
    seen: `This snapshot does not fit: ${seen.slice(0, 300)}.`,
    hint: "Restore it into the net that it was taken of, with the same weights.",
  })

/** MNIST out of the folder of data sets: LeCun, Cortes and Burges, CC BY-SA 3.0. Its 10,000 test images are never learnt from. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { ByteRows } from "@open-brains/core/train/sequential.ts"
import { mirror } from "../../../scripts/testing.ts"

export const IMAGES = "mnist/train-images-idx3-ubyte.gz"
/** Of the 60,000 images for training: the last ones choose, the others are learnt from. */
const CHOOSING = 6000

export interface Digits {
  readonly learn: ByteRows
  readonly choose: ByteRows
  readonly test: ByteRows
}

/** Images of 28 × 28 bytes, 0 being paper. */
export function readMnist(): Digits {
  const train = part("train")
  const rows = (from: number, to: number): ByteRows => ({
    values: train.values.subarray(from * 784, to * 784),
    labels: train.labels.subarray(from, to),
  })
  const count = train.labels.length
  return { learn: rows(0, count - CHOOSING), choose: rows(count - CHOOSING, count), test: readTest() }
}

/** The 10,000 that are never learnt from. */
export const readTest = (): ByteRows => part("t10k")

function part(name: string): { readonly values: Uint8Array; readonly labels: Uint8Array } {
  const folder = mirror()
  if (folder === undefined) throw new Error("bug: whoever reads MNIST asks first whether it is there")
  const read = (file: string, header: number): Uint8Array =>
    new Uint8Array(gunzipSync(readFileSync(join(folder, "mnist", `${name}-${file}.gz`)))).subarray(header)
  return { values: read("images-idx3-ubyte", 16), labels: read("labels-idx1-ubyte", 8) }
}

/** The middle 24 × 24 pixels of each image in 8 × 8, each the mean of 3 × 3, rounded: the size of the digits of UCI. */
export function small({ values, labels }: ByteRows): ByteRows {
  const [side, margin, step] = [8, 2, 3]
  const reduced = new Uint8Array(labels.length * side * side)
  for (let image = 0; image < labels.length; image++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        let sum = 0
        for (let dy = 0; dy < step; dy++)
          for (let dx = 0; dx < step; dx++)
            sum += values[image * 784 + (margin + y * step + dy) * 28 + margin + x * step + dx]!
        reduced[image * 64 + y * side + x] = Math.round(sum / (step * step))
      }
  return { values: reduced, labels }
}

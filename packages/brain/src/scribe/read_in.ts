import type { Predictor } from "@open-brains/core/run/predictor.ts"

export interface ReadIn {
  readonly bytes: number
  /** What they cost, each scored before anything was learnt from it. */
  readonly bits: number
}

/** Shows a predictor pieces of a text, which it learns, in memory alone; others run between two pieces. */
export async function readIn(
  predictor: Predictor,
  chunks: AsyncIterable<Uint8Array>,
  onProgress?: (now: ReadIn) => void,
): Promise<ReadIn> {
  let [bytes, bits] = [0, 0]
  for await (const chunk of chunks) {
    bits += predictor.read(chunk, { learns: true })
    bytes += chunk.length
    onProgress?.({ bytes, bits })
    await new Promise((wake) => setImmediate(wake))
  }
  return { bytes, bits }
}

import type { Predictor } from "@open-brains/core/run/predictor.ts"

const PIECE_BYTES = 2 ** 15

/**
 * The code of a content, piece by piece as it comes, by a predictor that learns it. It must not have coded anything before:
 * the interval that a code begins with is part of its state. `onContent` gets each piece as it is taken.
 */
export async function* encodeChunks(
  predictor: Predictor,
  chunks: AsyncIterable<Uint8Array>,
  onContent: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks)
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      const piece = chunk.subarray(from, from + PIECE_BYTES)
      onContent(piece)
      const code: number[] = []
      for (const byte of piece) for (const each of predictor.encode(byte)) code.push(each)
      yield Uint8Array.from(code)
      await new Promise((wake) => setImmediate(wake))
    }
  yield predictor.finish()
}

/**
 * The content that a code tells of, piece by piece: `contentBytes` of it, by a predictor in the state of the one that coded.
 * Stops early where the code has ended before, as it does in no sound one: what comes is then less.
 */
export async function* decodeChunks(
  predictor: Predictor,
  code: AsyncIterable<Uint8Array>,
  contentBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = code[Symbol.asyncIterator]()
  // What is read ahead of what is used: the first word, and what one byte may take.
  const byteMax = predictor.instance.memory["coded"]!.length
  const ahead = 4 + byteMax
  let waiting: Uint8Array = new Uint8Array()
  let [at, beyond, hasEnded] = [0, 0, false]
  const source = (): number => {
    if (at < waiting.length) return waiting[at++]!
    beyond++
    return 0
  }
  /** There is code for `bytes` more bytes, or all that there will be. */
  const fill = async (bytes: number): Promise<void> => {
    while (!hasEnded && waiting.length - at < bytes * byteMax + ahead) {
      const next = await chunks.next()
      if (next.done) hasEnded = true
      else waiting = Buffer.concat([waiting.subarray(at), next.value])
      if (!next.done) at = 0
    }
  }
  await fill(0)
  predictor.open(source)
  for (let done = 0; done < contentBytes; ) {
    const piece = new Uint8Array(Math.min(STEP_BYTES, contentBytes - done))
    await fill(piece.length)
    for (let i = 0; i < piece.length; i++) {
      piece[i] = predictor.decode(source)
      if (beyond > ahead) return
    }
    done += piece.length
    yield piece
    await new Promise((wake) => setImmediate(wake))
  }
}
const STEP_BYTES = 2 ** 12

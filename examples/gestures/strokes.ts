/** Digits drawn in the air with an Arduino: Pete Warden, Apache-2.0, github.com/petewarden/magic_wand_digit_data. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { shuffled, stream } from "@open-brains/core/base/random.ts"
import { POINTS_MAX } from "./stroke.ts"

export const DATA = "magic-wand-digits"
export const LABELS = Array.from({ length: 10 }, (_, digit) => `${digit}`)

/** x and y in turns, in 1/128 of what the wand gives: as it sends them. */
export interface Stroke {
  readonly points: Int16Array
  readonly label: number
}
export interface Strokes {
  readonly learn: readonly Stroke[]
  readonly choose: readonly Stroke[]
  readonly test: readonly Stroke[]
}

/** Of each digit 70 strokes to learn from, 10 to choose by and 20 to test, by lot. They are of one person. */
export function readStrokes(mirror: string): Strokes {
  const parts: Record<keyof Strokes, Stroke[]> = { learn: [], choose: [], test: [] }
  for (const label of LABELS.keys()) {
    const file = join(mirror, DATA, `petewarden_${label}.json`)
    const { strokes } = JSON.parse(readFileSync(file, "utf8")) as {
      readonly strokes: readonly { readonly strokePoints: readonly { readonly x: number; readonly y: number }[] }[]
    }
    const order = shuffled(strokes.length, stream(1, "split", label))
    for (const [i, place] of order.entries()) {
      const points = thinned(strokes[place]!.strokePoints.flatMap(({ x, y }) => [x, y].map((v) => Math.round(v * 128))))
      parts[i < 0.7 * order.length ? "learn" : i < 0.8 * order.length ? "choose" : "test"].push({ points, label })
    }
  }
  return parts
}

/** As a board keeps them: when there is no place for another point, every second one is dropped, and of those that come. */
export function thinned(points: readonly number[]): Int16Array {
  let kept: number[] = []
  let every = 1
  for (let i = 0; 2 * i < points.length; i++) {
    if (i % every !== 0) continue
    if (kept.length === 2 * POINTS_MAX) {
      kept = kept.filter((_, at) => at % 4 < 2)
      every *= 2
      if (i % every !== 0) continue
    }
    kept.push(points[2 * i]!, points[2 * i + 1]!)
  }
  return Int16Array.from(kept)
}

import type { OpenExample, PlacedExample } from "./data/split.ts"
import { keysOf } from "./examples.ts"

/** A text to learn from that stands among those to test on, too. */
export interface Leak {
  readonly text: string
  /** Where it stands among the examples, and where among those to test on, if files have lines. */
  readonly line?: number
  readonly testLine?: number
}
/** What a person may want to mend in examples that are taught all the same. */
export interface Remarks {
  /** Rows that say again what another says. */
  readonly duplicates: number
  /** Not learnt from, so that the test asks nothing that was; a text is the same when the n-gram kernel sees no difference. */
  readonly leaks: readonly Leak[]
  /** Texts that were given more than one label, `undefined` among them for “fits none”. */
  readonly conflicts: readonly { readonly text: string; readonly labels: readonly (string | undefined)[] }[]
  /** Texts that are longer than what is read of one. */
  readonly cut: number
}

export function remarksOn(given: readonly OpenExample[], placed: readonly PlacedExample[], bytesMax: number): Remarks {
  const labels = new Map<string, (string | undefined)[]>()
  for (const { text, label } of placed) labels.set(text, [...(labels.get(text) ?? []), label])
  const conflicts = [...labels].flatMap(([text, all]) => (all.length > 1 ? [{ text, labels: all }] : []))
  const bytesOf = (text: string): number => (3 * text.length > bytesMax ? Buffer.byteLength(text) : 0)
  const leaks = leaksIn(given)
  return {
    duplicates: given.length - placed.length - leaks.length,
    leaks,
    conflicts,
    cut: placed.filter(({ text }) => bytesOf(text) > bytesMax).length,
  }
}

/** What has no split of its own and is the same as a test, which `place` takes out for that. */
function leaksIn(given: readonly OpenExample[]): readonly Leak[] {
  if (!given.some(({ split }) => split === "test")) return []
  const keys = keysOf(given.map(({ text }) => text))
  const tests = new Map(given.flatMap((each, i) => (each.split === "test" ? [[keys[i]!, each] as const] : [])))
  return given.flatMap(({ text, line, split }, i) => {
    const test = split === undefined ? tests.get(keys[i]!) : undefined
    if (!test) return []
    return [
      { text, ...(line === undefined ? {} : { line }), ...(test.line === undefined ? {} : { testLine: test.line }) },
    ]
  })
}

import type { OpenExample, PlacedExample } from "./data/split.ts"

/** What a person may want to mend in examples that are taught all the same. */
export interface Remarks {
  /** Rows that say again what another says. */
  readonly duplicates: number
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
  return {
    duplicates: given.length - placed.length,
    conflicts,
    cut: placed.filter(({ text }) => bytesOf(text) > bytesMax).length,
  }
}

/** So that a name with its number has at most 64 characters. */
export const STEM_MAX = 56

/** Gives each asker a name of its own that begins with a stem, and never one that is `reserved`. */
export type Namer = (stem: string) => string
export function namer(reserved: Iterable<string>): Namer {
  const taken = new Set(reserved)
  const counter = new Map<string, number>()
  return (stem) => {
    for (let n = counter.get(stem) ?? 0; ; n++) {
      const found = `${stem.slice(0, STEM_MAX)}_${n}`
      if (taken.has(found)) continue
      counter.set(stem, n + 1)
      taken.add(found)
      return found
    }
  }
}

/** Where the cycles of a run went. */
export interface ProfiledSymbol {
  readonly name: string
  /** Bytes of flash. */
  readonly address: number
  readonly size: number
  readonly kind: "function" | "object" | "label"
}
export interface Profile {
  readonly name: string
  readonly address: number
  /** Spent in its own instructions. */
  readonly selfCycles: number
  /** With those of what it called, interrupts too; of calls that are still open up to now. */
  readonly inclusiveCycles: number
  /** By a call instruction or an interrupt; a jump into it counts as none. */
  readonly calls: number
}

export interface OpenProfile {
  /** Cycles of the instruction that begins at each word of flash. */
  readonly spent: Float64Array
  called(to: number, sp: number, cycle: number): void
  returned(sp: number, cycle: number): void
  by(symbols: readonly ProfiledSymbol[], cycle: number): readonly Profile[]
}

interface Frame {
  readonly to: number
  readonly sp: number
  readonly start: number
  /** An outer call of the same counts already. */
  readonly isInner: boolean
}
const FRAMES_MAX = 4_096

export function openProfile(words: number): OpenProfile {
  const spent = new Float64Array(words)
  const calls = new Float64Array(words)
  const inclusive = new Float64Array(words)
  const open: Frame[] = []
  const depth = new Uint16Array(words)
  const close = (sp: number, cycle: number): void => {
    for (let top = open.at(-1); top !== undefined && top.sp < sp; top = open.at(-1)) {
      open.pop()
      depth[top.to]!--
      if (!top.isInner) inclusive[top.to]! += cycle - top.start
    }
  }
  return {
    spent,
    called(to, sp, cycle) {
      if (to >= words) return
      close(sp, cycle) // what was left by a jump
      calls[to]!++
      if (open.length === FRAMES_MAX) return
      open.push({ to, sp, start: cycle, isInner: depth[to]! > 0 })
      depth[to]!++
    },
    returned: close,
    by(symbols, cycle) {
      const still = new Map<number, number>()
      for (const { to, start, isInner } of open) if (!isInner) still.set(to, cycle - start)
      return functionsOf(symbols)
        .map(({ name, address, end }): Profile => {
          const at = address >> 1
          let selfCycles = 0
          for (let word = at; word < Math.min(end / 2, words); word++) selfCycles += spent[word]!
          const inclusiveCycles = (inclusive[at] ?? 0) + (still.get(at) ?? 0)
          return { name, address, selfCycles, inclusiveCycles, calls: calls[at] ?? 0 }
        })
        .filter((each) => each.selfCycles > 0)
        .sort((a, b) => b.selfCycles - a.selfCycles || a.address - b.address)
    },
  }
}

/** Stretches of flash with a name: functions, and the labels of hand-written code between them, each up to the next. */
function functionsOf(symbols: readonly ProfiledSymbol[]): readonly (ProfiledSymbol & { readonly end: number })[] {
  const starts = new Map<number, ProfiledSymbol>()
  const code = symbols.filter(({ address, kind }) => address < 0x800000 && kind !== "object")
  let end = 0
  for (const symbol of [...code].sort((a, b) => a.address - b.address || b.size - a.size)) {
    if (symbol.kind === "label" && (symbol.address < end || symbol.name.startsWith("."))) continue
    if (!starts.has(symbol.address)) starts.set(symbol.address, symbol)
    if (symbol.kind === "function") end = Math.max(end, symbol.address + symbol.size)
  }
  const sorted = [...starts.values()]
  return sorted.map((symbol, i) => ({ ...symbol, end: sorted[i + 1]?.address ?? Number.MAX_SAFE_INTEGER }))
}

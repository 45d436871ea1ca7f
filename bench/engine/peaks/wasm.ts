/**
 * What this machine allows WebAssembly: a loop of nothing but f32x4 multiplications and additions, and one of nothing but
 * loads. Encoded by hand, so that no printer of ours decides what the limit is.
 */
/** Accumulators that never wait for one another; with the two operands they fit the 16 vector registers of x86-64. */
const CHAINS = 12
const LANES = 4
const LOADS = 8 // a round

/** Bytes, nested as the module is. */
type Bytes = readonly (number | Bytes)[]
const flat = (bytes: Bytes): number[] => bytes.flatMap((each) => (typeof each === "number" ? [each] : flat(each)))
/** LEB128. */
const unsigned = (n: number): number[] => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...unsigned(n >>> 7)])
const signed = (n: number): number[] => (n >= -64 && n < 64 ? [n & 0x7f] : [(n & 0x7f) | 0x80, ...signed(n >> 7)])
const sized = (bytes: Bytes): Bytes => [unsigned(flat(bytes).length), bytes]
const vector = (items: readonly Bytes[]): Bytes => [unsigned(items.length), items]
const text = (ascii: string): Bytes => sized([...ascii].map((letter) => letter.charCodeAt(0)))

/** Opcodes. Source: core specification 2.0, section 5.4. */
const [v128, i32] = [0x7b, 0x7f]
const get = (slot: number): Bytes => [0x20, ...unsigned(slot)]
const set = (slot: number): Bytes => [0x21, ...unsigned(slot)]
const simd = (code: number): Bytes => [0xfd, ...unsigned(code)]
const [multiply, addFloats, addIntegers] = [simd(0xe6), simd(0xe4), simd(0xae)]
const loadAt = (offset: number): Bytes => [simd(0), 4, ...unsigned(offset)]
const store: Bytes = [simd(11), 4, 0]
const number = (value: number): Bytes => {
  const bytes = new Uint8Array(Float32Array.of(value, value, value, value).buffer)
  return [simd(12), ...bytes]
}
const constant = (value: number): Bytes => [0x41, signed(value)]
const range = (length: number): readonly number[] => [...Array(length).keys()]
/** Takes `step` off local 0 and runs `body`, until that is 0. */
const countDown = (step: number, body: Bytes): Bytes => [
  [0x03, 0x40, get(0), constant(step), 0x6b, set(0), body, get(0), 0x0d, 0, 0x0b],
]

/** peak(rounds): each round is CHAINS times x ← x · m + a. The sum is stored, so that none can be left out. */
function peakBody(): Bytes {
  const [first, m, a] = [1, 1 + CHAINS, 2 + CHAINS]
  const chains = range(CHAINS).map((i) => first + i)
  const start = [chains.map((x, i) => [number(i), set(x)]), number(0.999), set(m), number(0.25), set(a)]
  const round = chains.map((x) => [get(x), get(m), multiply, get(a), addFloats, set(x)])
  const sum = chains.map((x, i) => [get(x), i === 0 ? [] : addFloats])
  return sized([vector([[unsigned(CHAINS + 2), v128]]), start, countDown(1, round), constant(0), sum, store, 0x0b])
}

/** read(bytes): loads every byte once; LOADS · 16 must divide their number. */
function readBody(): Bytes {
  const sums = range(LOADS).map((i) => 1 + i)
  const round = sums.map((x, i) => [get(x), get(0), loadAt(16 * i), addIntegers, set(x)])
  const sum = sums.map((x, i) => [get(x), i === 0 ? [] : addIntegers])
  return sized([vector([[unsigned(LOADS), v128]]), countDown(16 * LOADS, round), constant(0), sum, store, 0x0b])
}

export interface Limits {
  /** Runs FLOPS_A_ROUND times `rounds` operations. */
  readonly peak: (rounds: number) => void
  readonly read: (bytes: number) => void
  /** Each leaves the sum of what it did in the first 16 bytes. */
  readonly memory: WebAssembly.Memory
}
export const FLOPS_A_ROUND = 2 * LANES * CHAINS

export function wasmLimits(bytesMax: number): Limits {
  const types = [[0x60, 1, i32, 0]] // i32 -> ()
  const pages = unsigned(Math.ceil(bytesMax / 65536) + 1)
  const names: readonly Bytes[] = [
    [text("peak"), 0, 0],
    [text("read"), 0, 1],
    [text("memory"), 2, 0],
  ]
  const sections: readonly (readonly [id: number, items: readonly Bytes[]])[] = [
    [1, types],
    [3, [[0], [0]]],
    [5, [[0, pages]]],
    [7, names],
    [10, [peakBody(), readBody()]],
  ]
  const head = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  const bytes = Uint8Array.from(flat([head, sections.map(([id, items]) => [id, sized(vector(items))])]))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const limits = exports as unknown as Limits
  new Uint8Array(limits.memory.buffer).fill(1) // pages that were never written are all the same one, which lies in a cache
  return limits
}

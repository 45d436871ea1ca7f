/** `sha256:` and 64 hexadecimal digits; only `digest` and `parseDigest` make one. */
export type Digest = string & { readonly __brand: "Digest" }
export const parseDigest = (text: string): Digest | undefined =>
  /^sha256:[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined

/**
 * SHA-256 of bytes, or of a text in UTF-8. Source: FIPS 180-4, section 6.2.
 * Our own because a browser's is asynchronous and absent from plain-HTTP pages, and core has no dependency.
 */
export function digest(content: Uint8Array | string): Digest {
  const message = typeof content === "string" ? new TextEncoder().encode(content) : content
  const state = INITIAL.slice()
  const whole = message.length - (message.length % 64)
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  for (let at = 0; at < whole; at += 64) compress(state, view, at)
  const rest = message.length - whole
  const tail = new DataView(new ArrayBuffer(rest < 56 ? 64 : 128)) // the rest, a one bit, zeros, the length in bits
  for (let i = 0; i < rest; i++) tail.setUint8(i, message[whole + i]!)
  tail.setUint8(rest, 0x80)
  tail.setUint32(tail.byteLength - 8, Math.floor(message.length / 2 ** 29))
  tail.setUint32(tail.byteLength - 4, message.length << 3)
  for (let at = 0; at < tail.byteLength; at += 64) compress(state, tail, at)
  return `sha256:${Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("")}` as Digest
}

const SCHEDULE = new Int32Array(64)
function compress(state: Int32Array, block: DataView, at: number): void {
  const w = SCHEDULE
  for (let t = 0; t < 16; t++) w[t] = block.getInt32(at + 4 * t)
  for (let t = 16; t < 64; t++) {
    const [x, y] = [w[t - 15]!, w[t - 2]!]
    w[t] =
      (w[t - 16]! + w[t - 7]! + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) | 0
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let t = 0; t < 64; t++) {
    const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[t]! + w[t]!) | 0
    const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = state[i]! + word
}
const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

/** First 32 bits of the fractional part of a root of each of the first `count` primes, exactly, by integers. */
function rootBits(count: number, power: 2n | 3n): Int32Array {
  const primes: bigint[] = []
  for (let n = 2n; primes.length < count; n++) if (primes.every((p) => n % p !== 0n)) primes.push(n)
  return Int32Array.from(primes, (prime) => {
    const target = prime << (32n * power)
    let root = 0n
    for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** power <= target) root += bit
    return Number(BigInt.asIntN(32, root))
  })
}
const INITIAL = rootBits(8, 2n)
const ROUND = rootBits(64, 3n)

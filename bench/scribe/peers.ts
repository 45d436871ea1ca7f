/** Debian's packers as child processes: the peers. Each packs one file into one file, on one thread. */
import { spawnSync } from "node:child_process"
import { closeSync, openSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { findProgram } from "../../scripts/testing.ts"

export interface Peer {
  readonly name: string
  readonly program: string
  /** Arguments to pack the file `in` into `out`, or to stdout where it says so. */
  readonly words: readonly string[]
  readonly printsPacked?: boolean
}
/** As much memory as the scribe is given. */
const PPMD_MEMORY = "16m"
export const ORDERS: readonly number[] = [3, 4, 5, 6, 7, 8, 10, 12, 16]
const nameOf7zip = (): string => (findProgram("7zz") === undefined ? "7z" : "7zz")

export const ppmd = (order: number): Peer => ({
  name: `PPMd, order ${order}, ${PPMD_MEMORY}`,
  program: nameOf7zip(),
  words: ["a", "-bso0", "-bsp0", "-mmt=1", `-m0=PPMd:o=${order}:mem=${PPMD_MEMORY}`, "out.7z", "in"],
})
export const zpaq: Peer = {
  name: "zpaq -m5",
  program: "zpaq",
  words: ["add", "out.zpaq", "in", "-method", "5", "-threads", "1"],
}
export const xz: Peer = { name: "xz -9e", program: "xz", words: ["-9e", "-T1", "-c", "in"], printsPacked: true }
export const zstd: Peer = {
  name: "zstd --ultra -22",
  program: "zstd",
  words: ["--ultra", "-22", "-q", "-c", "in"],
  printsPacked: true,
}

export const missingPeer = ({ program }: Peer): string | undefined =>
  findProgram(program) === undefined ? `${program} is not installed: its cells stay empty` : undefined

export interface Packed {
  readonly bytes: number
  /** Of the whole process. */
  readonly seconds: number
}

/** What a peer makes of these bytes; undefined when it is not installed. */
export function packWith(peer: Peer, bytes: Uint8Array, folder: string): Packed | undefined {
  if (missingPeer(peer) !== undefined) return undefined
  const out = join(folder, peer.words.find((word) => word.startsWith("out")) ?? "out")
  writeFileSync(join(folder, "in"), bytes)
  rmSync(out, { force: true })
  const file = peer.printsPacked ? openSync(out, "w") : undefined
  const start = performance.now()
  const { status, stderr, error } = spawnSync(peer.program, peer.words, {
    cwd: folder,
    stdio: ["ignore", file ?? "ignore", "pipe"],
    encoding: "utf8",
  })
  const seconds = (performance.now() - start) / 1000
  if (file !== undefined) closeSync(file)
  if (error) throw error
  if (status !== 0) throw new Error(`${peer.name} ended with ${status}: ${stderr.slice(0, 500)}`)
  return { bytes: statSync(out).size, seconds }
}

export interface PeerBits {
  /** A byte of `scored` after `seen`: what the packed whole has more than the packed `seen`. */
  readonly scored: number | undefined
  /** A byte of both. */
  readonly whole: number | undefined
}
export function bitsOf(peer: Peer, seen: Uint8Array, scored: Uint8Array, folder: string): PeerBits {
  const all = joined(seen, scored)
  const [part, whole] = [seen, all].map((bytes) => packWith(peer, bytes, folder)?.bytes)
  if (part === undefined || whole === undefined) return { scored: undefined, whole: undefined }
  return { scored: ((whole - part) * 8) / scored.length, whole: (whole * 8) / all.length }
}
const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => new Uint8Array(Buffer.concat([a, b]))

/** PPMd of the order that packs the last ninth of `seen` best, so that nothing is chosen on what is scored. */
export function bestPpmd(seen: Uint8Array, folder: string, orders: readonly number[] = ORDERS): Peer {
  const at = Math.floor((seen.length * 8) / 9)
  const tried = orders.map((order) => {
    const { scored } = bitsOf(ppmd(order), seen.subarray(0, at), seen.subarray(at), folder)
    return { order, bits: scored ?? Number.POSITIVE_INFINITY }
  })
  const best = tried.reduce((least, each) => (each.bits < least.bits ? each : least))
  return ppmd(Number.isFinite(best.bits) ? best.order : 6)
}

import { arch } from "node:os"
import { setFlagsFromString } from "node:v8"
import { featuresOf, processor } from "./native/compiler.ts"

/** What decides whether vectors may be joined. */
export interface Host {
  readonly v8: string
  readonly arch: string
  readonly features: readonly string[]
}

/**
 * Lets V8 join neighbouring vectors of WebAssembly, 16 bytes each, into those of 32 bytes that AVX2 has: lane for lane the
 * same operations, so the same bits, and products half as fast again or more. V8 calls it experimental, so it is used in
 * the versions that our tests judge alone (native/testing/hostile.ts runs them with `WIDE_FLAGS`).
 *
 * It is a setting of the whole process, for what is compiled from then on: the command takes it, and a program may. Gives
 * the reason where vectors stay as they are.
 */
export function widenVectors(): string | undefined {
  const reason = reasonAgainst({ v8: process.versions.v8, arch: arch(), features: featuresOf(processor()) })
  if (reason === undefined && !isWide) setFlagsFromString(WIDE)
  isWide ||= reason === undefined
  return reason
}
let isWide = false
/** Whether `widenVectors` has done so in this process. */
export const areVectorsWide = (): boolean => isWide

export function reasonAgainst({ v8, arch, features }: Host): string | undefined {
  if (arch !== "x64") return `processors of the kind ${arch} have no wider vectors that V8 knows`
  if (!features.includes("avx2")) return "this processor has no AVX2"
  if (!JUDGED.test(v8)) return `V8 ${v8} is not the one that was judged`
  return undefined
}
/** That of Node 26. Joined by the one of Node 24, products gain nothing. */
const JUDGED = /^14\.6\./

const WIDE = "--experimental-wasm-revectorize"
/** With them a process compiles WebAssembly at its best at once, vectors joined: what it gets after a while otherwise. */
export const WIDE_FLAGS = ["--no-liftoff", WIDE] as const

import { createHash } from "node:crypto"
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from "node:fs"
import { arch, cpus, platform } from "node:os"
import { delimiter, join } from "node:path"
import type { Width } from "@open-brains/core/emit/c99/vectors.ts"

/** A C compiler of this machine. */
export interface Compiler {
  readonly path: string
  /** What stands before the flags: zig's C compiler is a command of zig. */
  readonly words: readonly string[]
  /** Changes when the compiler is another one, without starting it. */
  readonly identity: string
}

/** In order of preference: gcc vectorises what we print best; zig is one download and needs nothing else. */
const CANDIDATES = [["gcc"], ["clang"], ["cc"], ["zig", "cc"]] as const
const SUFFIXES = platform() === "win32" ? [".exe", ".cmd"] : [""]

/** The first compiler on a path, or nothing. */
export function findCompiler(path = process.env["PATH"] ?? ""): Compiler | undefined {
  for (const [name, ...words] of CANDIDATES)
    for (const folder of path.split(delimiter))
      for (const suffix of SUFFIXES) {
        const found = join(folder, name + suffix)
        if (folder !== "" && isExecutable(found)) return { path: found, words, identity: identityOf(found) }
      }
  return undefined
}
export const NO_COMPILER = "no C compiler is on the PATH (gcc, clang, cc or zig)"

/** Errors: an Error that says so when there is none. */
export function requireCompiler(): Compiler {
  const found = findCompiler()
  if (!found) throw new Error(NO_COMPILER)
  return found
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
function identityOf(path: string): string {
  const real = realpathSync(path)
  const { size, mtimeMs } = statSync(real)
  return `${real} ${size} ${mtimeMs}`
}

/**
 * What keeps the bits: no contraction, since a fused a * b + c rounds once. Errno is no bit, and without it square roots
 * are instructions; but without traps gcc makes (float)(int32_t)-0.5f a trunc, which is -0. JavaScript looks at the same
 * memory through other types.
 */
const SAME_BITS = ["-std=c99", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing"]
/** For this very processor; gcc tunes for some of them into half the speed, so it tunes for none. */
const TARGET = arch() === "x64" ? ["-march=native", "-mtune=generic"] : ["-mcpu=native"]
/** -O3 takes gcc little longer than -O1 here: the functions are short. "ter" would reorder a tile until its sums spill. */
export const FLAGS: readonly string[] = [
  ...SAME_BITS,
  "-O3",
  "-fno-tree-vectorize",
  "-fno-tree-ter",
  ...TARGET,
  "-fPIC",
  "-shared",
]

/** How many lanes of 32 bits the vectors of this processor have; what cannot be known is taken for the least. */
export function laneWidth(): Width {
  const features = featuresOf(processor())
  return features.includes("avx512bw") && features.includes("avx512vl") ? 16 : features.includes("avx2") ? 8 : 4
}

const KNOWN =
  /^(?:sse4_1|ssse3|avx|avx2|fma|f16c|avx_vnni|avx512(?:f|bw|vl|_vnni|_bf16)|amx_\w+|neon|asimd|asimddp|i8mm|sve2?)$/
/** The instruction sets that kernels can use, out of what the system says of a processor. */
export const featuresOf = (text: string): readonly string[] =>
  (/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1] ?? "").split(" ").filter((each) => KNOWN.test(each))

/** What -march=native depends on: a home folder may be shared by machines. */
export function processor(): string {
  known ??= describeProcessor()
  return known
}
let known: string | undefined
function describeProcessor(): string {
  if (existsSync("/proc/cpuinfo")) {
    const lines = readFileSync("/proc/cpuinfo", "utf8").split("\n\n", 1)[0]!.split("\n")
    return lines.filter((line) => /^(?:model name|flags|Features|CPU (?:implementer|part))\s*:/.test(line)).join("\n")
  }
  return cpus()[0]?.model ?? "unknown"
}

/** Names what a compiler makes of a source here: equal keys, equal libraries. */
export function keyOf(source: string, { identity, words }: Compiler): string {
  const parts = [source, identity, ...words, ...FLAGS, platform(), arch(), processor()]
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)
}

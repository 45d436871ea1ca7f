/** limits.c, built once for each width of vector that this machine has. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { missingProgram } from "../../../scripts/testing.ts"

export interface NativeLimits {
  /** Bytes of a vector. */
  readonly width: number
  readonly gflops: number
  /** GB/s of reading each of the sizes. */
  readonly gbs: readonly number[]
}

/** One for each width of vectors, or why there is none. */
export function nativeLimits(folder: string, sizes: readonly number[]): readonly NativeLimits[] | string {
  const missing = missingProgram("gcc")
  if (missing !== undefined) return missing
  const found: NativeLimits[] = []
  for (const width of widths()) {
    const program = join(folder, `limits${width}`)
    const flags = ["-std=c11", "-O3", "-march=native", "-ffp-contract=off", `-DWIDTH=${width}`]
    const built = spawnSync("gcc", [...flags, join(import.meta.dirname, "limits.c"), "-o", program], {
      encoding: "utf8",
    })
    if (built.status !== 0) return `gcc refuses limits.c: ${built.stderr.slice(0, 300)}`
    const run = spawnSync(program, sizes.map(String), { encoding: "utf8" })
    if (run.status !== 0) return `limits.c ended with ${run.signal ?? run.status}`
    found.push({ width, ...(JSON.parse(run.stdout) as Omit<NativeLimits, "width">) })
  }
  return found
}

/** Every x86-64 and aarch64 has vectors of 16 bytes; Linux names what is wider. */
function widths(): readonly number[] {
  try {
    const flags = readFileSync("/proc/cpuinfo", "utf8")
    return [16, ...(/\bavx2\b/.test(flags) ? [32] : []), ...(/\bavx512f\b/.test(flags) ? [64] : [])]
  } catch {
    return [16]
  }
}

import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { arch, cpus, platform, tmpdir } from "node:os"
import { join } from "node:path"
import { messageOf } from "@open-brains/core/base/problem.ts"
import { compileGraph, programOf } from "@open-brains/core/compile.ts"
import type { Engine, Instance } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { faultOf } from "@open-brains/core/engine/sound.ts"
import { hasRelaxed, wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { input, matmul, weight } from "@open-brains/core/graph/operations.ts"
import { PREPARE } from "@open-brains/core/link/link.ts"
import type { Entry } from "@open-brains/core/lower/lower.ts"
import { tuned } from "@open-brains/core/run/tune.ts"
import { threadedEngine } from "../threads/engine.ts"
import { areVectorsWide } from "../wide.ts"
import { cacheFolder } from "./cache.ts"
import { featuresOf, findCompiler, processor } from "./compiler.ts"
import { nativeEngine, nativeSource } from "./engine.ts"
import { compileIn, koffi } from "./library.ts"

/** What one engine is worth here. */
export interface EngineFinding {
  readonly name: string
  /** Why it must not be used, when it must not. */
  readonly fault?: string
  /** 10⁹ multiply-adds a second, the best of some runs: int8 vector times matrix [768, 288], f32 matrix product. */
  readonly int8?: number
  readonly f32?: number
  /** From a lowered product to an instance, nothing cached, in milliseconds. */
  readonly compileMs?: number
}
export interface MachineFindings {
  readonly platform: string
  readonly processor: string
  readonly cores: number
  /** Of the processor's instruction sets, those that kernels can use. */
  readonly features: readonly string[]
  readonly node: string
  readonly relaxedSimd: boolean
  /** Of the vectors that WebAssembly becomes: 16, or 32 where V8 joins them. */
  readonly vectorBytes: 16 | 32
  readonly sharedMemory: boolean
  readonly compiler?: { readonly path: string; readonly version: string }
  readonly koffi?: string
  readonly cache: { readonly folder: string; readonly libraries: number }
  readonly engines: readonly EngineFinding[]
}

/** What this machine has to run programs with, and what each engine reaches; takes about two seconds. */
export function examineMachine(): MachineFindings {
  const compiler = findCompiler()
  const calls = attempt(() => `${koffi().version}`)
  const folder = cacheFolder()
  return {
    platform: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    features: featuresOf(processor()),
    node: process.versions.node,
    relaxedSimd: hasRelaxed(),
    vectorBytes: areVectorsWide() ? 32 : 16,
    sharedMemory: attempt(() => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })) !== undefined,
    ...(compiler ? { compiler: { path: compiler.path, version: versionOf(compiler.path, compiler.words) } } : {}),
    ...(calls === undefined ? {} : { koffi: calls }),
    cache: {
      folder,
      libraries: attempt(() => readdirSync(folder).filter((name) => !name.startsWith("job")).length) ?? 0,
    },
    engines: [
      examineEngine(interpreterEngine, 32),
      examineEngine(wasmTuned(), 256),
      threads(),
      examineEngine(nativeEngine, 256),
    ],
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function versionOf(path: string, words: readonly string[]): string {
  const { stdout } = spawnSync(path, [...words, "--version"], { encoding: "utf8", timeout: 10_000 })
  return stdout?.split("\n", 1)[0] || "unknown version"
}

/** In a moment it is found out how the machine likes its products cut. */
const wasmTuned = (): Engine =>
  faultOf(wasmEngine) === undefined ? tuned(wasmEngine, () => performance.now(), 150) : wasmEngine

/** On every core, where that is faster; its threads start while it is measured. */
function threads(): EngineFinding {
  using engine = threadedEngine()
  return examineEngine(engine, 512)
}

function examineEngine(engine: Engine, side: number): EngineFinding {
  const { name } = engine
  const fault = faultOf(engine)
  if (fault !== undefined) return { name, fault }
  try {
    const bytes = matmul(input("x", "i8", [1, 288]), weight("w", "i8", [288, 768]))
    const floats = matmul(input("x", "f32", [side, side]), input("w", "f32", [side, side]))
    const products = [bytes, floats].map((y) => ({ name: "product", outputs: { y }, prepares: true }))
    const [int8, f32] = products.map((entry) => compileGraph(entry, engine))
    return {
      name,
      int8: (288 * 768) / nanosecondsOf(int8!),
      f32: side ** 3 / nanosecondsOf(f32!),
      compileMs: compileMsOf(engine, products[1]!),
    }
  } catch (error) {
    return { name, fault: messageOf(error) }
  }
}

const MEASURED_MS = 150
/** Of the fastest of the runs that fit into a moment, on numbers of which none is 0. */
function nanosecondsOf({ memory, run, entries }: Instance): number {
  for (const name of ["x", "w"]) memory[name]!.fill(3)
  entries[PREPARE]?.()
  let best = Infinity
  const end = performance.now() + MEASURED_MS
  for (let start = performance.now(); start < end; ) {
    const rounds = Math.max(1, Math.min(64, Math.floor(1e5 / best)))
    for (let round = 0; round < rounds; round++) run()
    const now = performance.now()
    best = Math.min(best, (1e6 * (now - start)) / rounds)
    start = now
  }
  return best
}

function compileMsOf(engine: Engine, entry: Entry): number {
  const program = programOf(entry, engine)
  const start = performance.now()
  const compiler = engine === nativeEngine ? findCompiler() : undefined
  if (!compiler) engine.instantiate(program)
  else {
    const folder = mkdtempSync(join(tmpdir(), "brain-doctor-"))
    try {
      compileIn(folder, nativeSource(program), compiler)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return performance.now() - start
}

import { expect, test } from "vitest"
import { NO_COMPILER } from "../native/compiler.ts"
import type { MachineFindings } from "../native/examine.ts"
import type { Services } from "../services.ts"
import { brain } from "../testing/command.ts"
import { doctor } from "./doctor.ts"

const findings: MachineFindings = {
  platform: "linux arm64",
  processor: "Cortex-A76",
  cores: 4,
  features: ["asimd", "asimddp"],
  node: "24.21.0",
  relaxedSimd: true,
  vectorBytes: 32,
  sharedMemory: false,
  cache: { folder: "/cache/open-brains/native", libraries: 2 },
  engines: [
    { name: "interpreter", int8: 0.012, f32: 0.0104, compileMs: 0.2 },
    { name: "wasm", int8: 31.25, f32: 19.5, compileMs: 0.6 },
    { name: "native", fault: `native does not run here: ${NO_COMPILER}` },
  ],
}
function told(options: { readonly json?: boolean }, given: MachineFindings): readonly [code: number, out: string] {
  const lines: string[] = []
  const services = { print: (line: string) => lines.push(line), paint: (_: string, text: string) => text }
  return [doctor(options, services as unknown as Services, given), lines.join("\n")]
}

test("doctor says what each engine reaches, and why one is not here", () => {
  expect(told({}, findings)).toMatchInlineSnapshot(`
    [
      0,
      "machine   linux arm64, Cortex-A76 (4); asimd asimddp
    Node      24.21.0, vectors of 32 bytes, relaxed SIMD, no shared memory
    compiler  none
    koffi     none for this platform
    cache     /cache/open-brains/native: 2 compiled

                   int8 G/s   f32 G/s  compile ms
    interpreter        0.01      0.01       0.2
    wasm              31.25     19.50       0.6
    native       native does not run here: no C compiler is on the PATH (gcc, clang, cc or zig)
    G/s: 10⁹ multiply-adds a second: vector × [768, 288] matrix, and matrix product; one thread but for threads.",
    ]
  `)
})
test("doctor --json prints what it found; it fails when no engine is sound", () => {
  const [code, out] = told({ json: true }, findings)
  expect([code, JSON.parse(out)]).toEqual([0, findings])
  const broken = { ...findings, engines: findings.engines.map(({ name }) => ({ name, fault: "other bits" })) }
  expect(told({ json: true }, broken)[0]).toBe(1)
})
test("an engine that nobody knows is refused by name", async () => {
  const { code, err } = await brain(["ask", "desk", "hello", "--engine", "gpu"])
  expect([code, err]).toEqual([
    2,
    expect.stringContaining("Allowed choices are auto, wasm, threads, native, interpreter"),
  ])
})

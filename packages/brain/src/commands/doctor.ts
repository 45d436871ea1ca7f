import { pad, widest, wrap } from "../layout.ts"
import { type EngineFinding, examineMachine, type MachineFindings } from "../native/examine.ts"
import type { ExitCode, Services } from "../services.ts"

/** `brain doctor`: which engines this machine has, why not the others, and what they reach. */
export function doctor(
  { json = false }: { readonly json?: boolean },
  services: Services,
  findings: MachineFindings = examineMachine(),
): ExitCode {
  for (const line of json ? [JSON.stringify(findings)] : describe(findings, services)) services.print(line)
  return findings.engines.some(({ fault }) => fault === undefined) ? 0 : 1
}

function describe(findings: MachineFindings, { paint }: Services): readonly string[] {
  const { platform, processor, cores, features, node, compiler, cache } = findings
  const row = (name: string, value: string): string => `${paint("dim", pad(name, 9))} ${wrap(value, 10)}`
  const has = (what: string, is: boolean): string => (is ? what : `no ${what}`)
  return [
    row("machine", `${platform}, ${processor} (${cores}); ${features.join(" ") || "instruction sets unknown"}`),
    row(
      "Node",
      `${node}, vectors of ${findings.vectorBytes} bytes, ${has("relaxed SIMD", findings.relaxedSimd)}, ${has("shared memory", findings.sharedMemory)}`,
    ),
    row("compiler", compiler ? `${compiler.path}: ${compiler.version}` : "none"),
    row("koffi", findings.koffi ?? "none for this platform"),
    row("cache", `${cache.folder}: ${cache.libraries} compiled`),
    "",
    ...table(findings.engines, paint),
  ]
}

function table(engines: readonly EngineFinding[], paint: Services["paint"]): readonly string[] {
  const width = widest(engines.map(({ name }) => name))
  const number = (value: number | undefined, digits: number): string => (value?.toFixed(digits) ?? "–").padStart(10)
  return [
    paint("dim", `${pad("", width)}    int8 G/s   f32 G/s  compile ms`),
    ...engines.map(({ name, fault, int8, f32, compileMs }) =>
      fault === undefined
        ? `${paint("green", pad(name, width))}  ${number(int8, 2)}${number(f32, 2)}${number(compileMs, 1)}`
        : `${paint("yellow", pad(name, width))}  ${wrap(fault.replaceAll("\n", " "), width + 2)}`,
    ),
    paint(
      "dim",
      "G/s: 10⁹ multiply-adds a second: vector × [768, 288] matrix, and matrix product; one thread but for threads.",
    ),
  ]
}

import type { ChipSource } from "@open-brains/core/emit/c99/chip/emit.ts"
import { commented, cType, upper } from "./c_text.ts"
import { facadeOf } from "./facade.ts"
import type { EntryPorts, Exported, ExportedNet } from "./program.ts"
import { scribeFacade } from "./scribe_c.ts"

/** What is compiled, by file name: the same for every way of packing it. */
export interface Sources {
  readonly files: Readonly<Record<string, string>>
  /** What a sketch includes. */
  readonly header: string
  /** Static memory on AVR, of the net and what is around it. */
  readonly ramBytes: number
  readonly chip: ChipSource
}

export function sourcesOf(module: Exported, chip: ChipSource): Sources {
  const header = `${module.name}.h`
  if (module.kind !== "net") {
    const facade = module.kind === "scribe" ? scribeFacade(module, chip.ramBytes) : facadeOf(module)
    const files = {
      [header]: facade.header,
      [`${module.name}.c`]: facade.source,
      [`${chip.name}.h`]: chip.header,
      [`${chip.name}.c`]: chip.source,
    }
    return { files, header, ramBytes: chip.ramBytes + facade.ramBytes, chip }
  }
  const files = { [header]: `${documentation(module)}${chip.header}`, [`${module.name}.c`]: chip.source }
  return { files, header, ramBytes: chip.ramBytes, chip }
}

/** The entries of a net and where what they take and give lies, as the header says it. */
function documentation({ name, about, licence, ports, reset }: ExportedNet): string {
  const entry = ([each, { inputs, outputs }]: readonly [string, EntryPorts]): readonly string[] => [
    ` * void ${name}_${each}(void);`,
    ...portLines(name, "fill before", inputs),
    ...portLines(name, "read after", outputs),
  ]
  return [
    `/* ${commented(about)}`,
    ` * Licence: ${commented(licence)}. Written by \`brain export\`: what it computes are the bits that the net has everywhere.`,
    " *",
    ...Object.entries(ports).flatMap(entry),
    ...(reset === undefined
      ? []
      : [` * void ${name}_${reset}(void);`, " *   puts the state where it begins: call it first"]),
    ` * Memory: ${upper(name)}_RAM_BYTES bytes. No entry calls another, and none may run while another does.`,
    " */",
    "",
  ].join("\n")
}
function portLines(name: string, when: string, ports: EntryPorts["inputs"]): readonly string[] {
  return Object.entries(ports).map(
    ([port, { buffer, dtype, shape }]) =>
      ` *   ${when}: ${commented(port)}, ${cType(dtype)} ${name}_${buffer}[${shape.join("*")}], rows one after another`,
  )
}

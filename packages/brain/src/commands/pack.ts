import { basename } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { inBytes } from "../layout.ts"
import { memorySize, printMemory } from "../scribe/memory.ts"
import { type Packed, packFile, readHeader, unpackFile } from "../scribe/pack.ts"
import type { ExitCode, Services } from "../services.ts"
import { bytesBar, lengthOf, openTold, type ScribeArguments } from "./scribes.ts"

export interface PackArguments extends ScribeArguments {
  readonly out?: string
  readonly force?: boolean
}
const ENDING = ".brain-pack"

/** `brain pack SCRIBE FILE`: packs a file, as small as the scribe foretells it well. */
export async function pack(path: string, file: string, options: PackArguments, services: Services): Promise<ExitCode> {
  const { out = `${file}${ENDING}`, force = false, memory, json = false } = options
  const scribe = await openTold(path, options, services)
  const madeBy = `${basename(path)}${memory === undefined ? "" : ` --memory ${printMemory(memorySize(memory)).replace(" ", "")}`}`
  const bar = bytesBar(services, `packing ${file}`, lengthOf(file))
  const done = await packFile(scribe.predictor, file, madeBy, {
    ...{ out, force },
    onProgress: (content, code) => bar(content, `, ${((8 * code) / content || 0).toFixed(2)} bits a byte`),
  })
  services.progress(undefined)
  tell(done, "packed", json, services)
  return 0
}

/** `brain unpack SCRIBE PACKED`: the file again, by the scribe that packed it. */
export async function unpack(
  path: string,
  packed: string,
  options: PackArguments,
  services: Services,
): Promise<ExitCode> {
  const { out = outOf(packed), force = false, json = false } = options
  const { contentBytes } = await readHeader(packed)
  const scribe = await openTold(path, options, services)
  const bar = bytesBar(services, `unpacking ${packed}`, contentBytes)
  const done = await unpackFile(scribe.predictor, packed, { out, force, onProgress: (content) => bar(content) })
  services.progress(undefined)
  tell(done, "unpacked", json, services)
  return 0
}

function outOf(packed: string): string {
  if (packed.endsWith(ENDING) && basename(packed) !== ENDING) return packed.slice(0, -ENDING.length)
  return refuse({
    code: "OB818",
    seen: `${packed} does not end in ${ENDING}: it does not say what to call what comes out.`,
    hint: "Name the file to write with --out.",
  })
}

function tell(
  { out, contentBytes, packedBytes }: Packed,
  what: string,
  json: boolean,
  { print, paint }: Services,
): void {
  const [ratio, bitsPerByte] = [contentBytes / packedBytes, (8 * packedBytes) / contentBytes]
  if (json) {
    print(
      JSON.stringify({ out, contentBytes, packedBytes, ratio, bitsPerByte: contentBytes === 0 ? null : bitsPerByte }),
    )
    return
  }
  const sizes =
    what === "packed"
      ? `${inBytes(contentBytes)} as ${inBytes(packedBytes)}`
      : `${inBytes(contentBytes)} from ${inBytes(packedBytes)}`
  const rates = contentBytes === 0 ? "" : `: ${ratio.toFixed(2)} to 1, ${bitsPerByte.toFixed(3)} bits a byte`
  print(`${what === "packed" ? "Packed" : "Unpacked"} ${sizes}${rates}. ${paint("bold", out)}`)
}

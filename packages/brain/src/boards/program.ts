import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join, resolve, sep } from "node:path"
import { DTYPE, type Numbers } from "@open-brains/core/base/dtype.ts"
import type { Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
import type { Outputs } from "@open-brains/core/graph/text.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { PREPARE } from "@open-brains/core/link/link.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import type { Manifest } from "@open-brains/core/module/manifest.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { boundedText } from "@open-brains/core/run/bounded_text.ts"
import { contentsOf, correctionsOf, requireOperations } from "@open-brains/core/run/module.ts"
import type { Port } from "@open-brains/core/run/net_program.ts"
import { brainFileAt, firstWordOf, readText } from "../brains/sources.ts"
import { codeOf } from "../store/files.ts"
import { readModule } from "../store/folder.ts"
import { MANIFEST } from "../store/whole.ts"
import { GRAPH, WEIGHTS } from "../streams/module.ts"
import { refuseFloats } from "./floats.ts"
import { frozen } from "./frozen.ts"
import { exportName } from "./names.ts"
import { netProgram } from "./net_program.ts"
import { type Samples, samplesOf } from "./samples.ts"
import { exportedScribe } from "./scribe.ts"

/** A module as the program that a board runs, and what its facade has to know. */
export type Exported = ExportedClassifier | ExportedNet | ExportedScribe
interface Common {
  /** What files and functions are called. */
  readonly name: string
  readonly about: string
  readonly licence: string
  /** Frozen: its constants are in it. */
  readonly program: Program
}
export interface ExportedClassifier extends Common {
  readonly kind: "classifier"
  readonly labels: readonly string[]
  readonly unsureBelow: number
  /** Bytes of a text that are read. */
  readonly textBytes: number
  /** Of weights.safetensors. */
  readonly weightBytes: number
  readonly givesProbability: boolean
}
export interface ExportedNet extends Common {
  readonly kind: "net"
  readonly ports: Readonly<Record<string, EntryPorts>>
  /** The entry that puts the state where it begins, if there is a state. */
  readonly reset?: string
  /** What it is asked while cycles are counted. */
  readonly samples: Samples
}
export interface ExportedScribe extends Common {
  readonly kind: "scribe"
  /** Of its tables. */
  readonly memoryBytes: number
  readonly hasNet: boolean
  /** Texts that it has read and that are not in the program. */
  readonly left: readonly string[]
}
export interface EntryPorts {
  readonly inputs: Readonly<Record<string, Port>>
  readonly outputs: Readonly<Record<string, Port>>
}
export interface ExportOptions {
  readonly name?: string
  readonly textBytes?: number
  /** Where nobody says: so many at most. */
  readonly textBytesUsual?: number
  readonly gives?: readonly string[]
  /** Of a scribe: bytes of tables, where they are to be others than it has. */
  readonly memoryBytes?: number
  /** Of a scribe: whether it may begin without the texts that it has read. */
  readonly isToLeave?: boolean
}

/**
 * Reads a module or the folder of a net and makes the program that a board runs. Errors: OB854 for floats, OB855 for what no
 * board runs yet, OB857, OB858, OB866 to OB868 of scribes, and those of modules and graphs that are damaged.
 */
export async function exportedProgram(path: string, options: ExportOptions): Promise<Exported> {
  const manifest = join(path, MANIFEST)
  const kind = existsSync(manifest) ? firstWordOf(readText(manifest)) : undefined
  if (kind === "predictor") return exportedScribe(path, options)
  if (options.memoryBytes !== undefined)
    refuse({
      code: "OB868",
      seen: `${path} is no scribe, and has no memory to choose.`,
      hint: "Leave --memory out.",
    })
  if (kind === "net") return classifierProgram(path, options)
  if (kind === undefined && existsSync(join(path, GRAPH))) return entriesProgram(path, options)
  const what = kind === "dataset" ? "a data set" : "a brain"
  if (kind !== undefined || brainFileAt(path) !== undefined)
    return refuse({
      code: "OB855",
      seen: `${path} is ${what}, and no board runs one yet.`,
      hint:
        what === "a brain"
          ? "Export a module that it uses: a net that `brain teach` made, or a folder with graph.json."
          : "Export a net that `brain teach` made, a scribe, or a folder with graph.json and weights.safetensors.",
    })
  return classifierProgram(path, options) // which says what is missing there
}

async function classifierProgram(path: string, options: ExportOptions): Promise<ExportedClassifier> {
  const files = await readModule(path)
  const { manifest } = files
  requireOperations(manifest)
  const name = exportName(manifest.name, options.name)
  const corrections = correctionsOf(files).length
  if (corrections > 0)
    refuse({
      code: "OB858",
      seen: `${path} answers by ${corrections === 1 ? "a correction that it has" : `${corrections} corrections that it has`} not learnt, and a board has no room to look them up.`,
      hint: "Teach it again, and it learns them: brain teach FILE --into MODULE. Or take them back: brain undo MODULE",
    })
  const { graph, weights } = contentsOf(files)
  const { outputs, textBytes } = shortened(graph, manifest, options)
  const gives = ["label", "logits", ...(options.gives ?? [])]
  const wanted = Object.fromEntries(Object.entries(outputs).filter(([each]) => gives.includes(each)))
  refuseFloats(wanted)
  const whole = lowerGraph({ name: `${name}_net`, outputs: wanted, prepares: true, direct: true })
  const program = frozen(whole, dataOf(weights, whole), [PREPARE])
  return {
    ...{ kind: "classifier", name, program, textBytes },
    ...{ about: manifest.about, licence: manifest.licence },
    ...{ labels: manifest.gives.labels, unsureBelow: manifest.unsureBelow },
    weightBytes: files.parts[WEIGHTS]!.length,
    givesProbability: gives.includes("probability"),
  }
}

/** The graph for texts of so many bytes, where that is known to be possible. Errors: OB857. */
function shortened(
  graph: Outputs,
  { takes: { bytesMax } }: Manifest,
  { textBytes, textBytesUsual = bytesMax }: ExportOptions,
): { readonly outputs: Outputs; readonly textBytes: number } {
  const wanted = textBytes ?? Math.min(bytesMax, textBytesUsual)
  const outputs = boundedText(graph, wanted)
  if (outputs) return { outputs, textBytes: wanted }
  if (textBytes === undefined) return { outputs: graph, textBytes: bytesMax }
  return refuse({
    code: "OB857",
    seen: `It cannot be made to read ${textBytes} bytes of a text: this module reads ${bytesMax}.`,
    hint: `Take --text-bytes from 1 to ${bytesMax}.`,
  })
}

/** What a net of entries is usually asked, if its folder holds it (samples.ts). */
const SAMPLES = "samples.safetensors"

/** A folder with graph.json and weights.safetensors, which is no module of the store. */
async function entriesProgram(path: string, options: ExportOptions): Promise<ExportedNet> {
  const name = exportName(folderName(path), options.name)
  if (options.textBytes !== undefined)
    refuse({
      code: "OB857",
      seen: `${path} takes no text, so there are no bytes of it to bound.`,
      hint: "Leave --text-bytes out.",
    })
  const [source, bytes] = await Promise.all([GRAPH, WEIGHTS].map((file) => partIn(path, file)))
  let json: Json
  try {
    json = JSON.parse(new TextDecoder().decode(source)) as Json
  } catch (error) {
    return noNet(path, `${GRAPH} is no JSON: ${(error as Error).message}`)
  }
  if (typeof json !== "object" || json === null || !("entries" in json)) return noNet(path, "its graph has no entries")
  const net = netFromJson(json)
  const made = netProgram(name, net, readSafetensors(bytes!, WEIGHTS))
  const { ports, reset } = made
  const given = existsSync(join(path, SAMPLES)) ? readSafetensors(await partIn(path, SAMPLES), SAMPLES) : {}
  const samples = samplesOf(ports, given)
  if (typeof samples === "string")
    return refuse({
      code: "OB855",
      seen: `${path} is no net that a board can run: ${samples}.`,
      hint: `Mend ${SAMPLES}, or take it away: what the net is asked while its cycles are counted is drawn then.`,
    })
  return {
    ...{ kind: "net", name, about: `The net of ${folderName(path)}`, licence: "LicenseRef-unstated", ports, samples },
    ...(reset === undefined ? {} : { reset }),
    program: frozen(made.program, made.values, made.prepares),
  }
}
/** A net often lies in a folder `net` of what it is for. */
function folderName(path: string): string {
  const parts = resolve(path).split(sep)
  return (parts.at(-1) === "net" ? parts.at(-2) : parts.at(-1)) ?? path
}

async function partIn(folder: string, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(join(folder, name)))
  } catch (error) {
    return noNet(folder, `${name} cannot be read (${codeOf(error) ?? "no reason given"})`)
  }
}
const noNet = (folder: string, seen: string): never =>
  refuse({
    code: "OB855",
    seen: `${folder} is no net that a board can run: ${seen}.`,
    hint: "Export a net that `brain teach` made, or a folder with graph.json, which has entries, and weights.safetensors.",
  })

/** Weights by their names as inputs of the program; what the program does not read is left out. */
function dataOf(
  weights: Readonly<Record<string, { readonly data: Numbers }>>,
  { buffers }: Program,
): Readonly<Record<string, Numbers>> {
  const named = buffers.flatMap(({ name, access, dtype, length }) => {
    const given = access === "input" ? weights[name]?.data : undefined
    if (given && (given.length !== length || given.BYTES_PER_ELEMENT !== DTYPE[dtype].bytes))
      refuse({
        code: "OB230",
        seen: `This module does not answer texts with labels: weight \`${name}\` has ${given.length} numbers of ${length}.`,
        hint: "Rebuild it, or take another copy.",
      })
    return given ? [[name, given] as const] : []
  })
  return Object.fromEntries(named)
}

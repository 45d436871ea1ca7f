import { digest } from "../base/digest.ts"
import type { Json } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import type { Engine } from "../engine/engine.ts"
import { soundEngine } from "../engine/sound.ts"
import { OPERATION_SET } from "../graph/operations.ts"
import { graphFromJson, type Outputs } from "../graph/text.ts"
import { type Correction, LESSONS, parseCorrections } from "../memory/corrections.ts"
import type { Manifest } from "../module/manifest.ts"
import { readSafetensors, type Tensor } from "../module/safetensors.ts"
import { parseManifest } from "../module/text.ts"
import { openClassifier } from "./classifier.ts"
import { type Corrected, openCorrected } from "./corrected.ts"

/** A manifest with the bytes of its parts: a module in memory, wherever it came from. */
export interface ModuleParts {
  readonly manifest: Manifest
  readonly parts: Readonly<Record<string, Uint8Array>>
}
export interface Contents {
  readonly graph: Outputs
  readonly weights: Readonly<Record<string, Tensor>>
}

/**
 * Opens a module whose parts have been checked, with the corrections that it carries. Errors: OB13x, OB2xx, OB552 when parts
 * are damaged, OB230 when they do not fit, OB231 when a newer version made them.
 */
export function openParts(module: ModuleParts, engine: Engine = soundEngine().engine): Corrected {
  const { gives, takes, unsureBelow } = module.manifest
  requireOperations(module.manifest)
  const net = openClassifier({ ...contentsOf(module, true), labels: gives.labels, unsureBelow }, engine)
  return openCorrected(net, { unsureBelow, bytesMax: takes.bytesMax, corrections: correctionsOf(module) }, engine)
}

/** The corrections that a module carries, oldest first. Errors: OB552. */
export function correctionsOf({ parts }: Pick<ModuleParts, "parts">): readonly Correction[] {
  const bytes = parts[LESSONS]
  return bytes === undefined ? [] : parseCorrections(new TextDecoder().decode(bytes))
}

/**
 * Opens a module out of its files, by name, as a browser has fetched them: each part that is given must have the digest
 * that the manifest names. Errors: OB1xx of the manifest, OB516 for another digest, and those of `openParts`.
 */
export function openModule(
  source: string,
  parts: Readonly<Record<string, Uint8Array>>,
  engine?: Engine,
): ModuleParts & Corrected {
  const manifest = parseManifest(source, "module.brain")
  for (const [name, bytes] of Object.entries(parts)) {
    const [named, found] = [manifest.parts[name], digest(bytes)]
    if (named !== found)
      refuse({
        code: "OB516",
        seen: `The part \`${name}\` is not the one that module.brain names: ${found}, not ${named ?? "named at all"}.`,
        hint: AGAIN,
      })
  }
  return { manifest, parts, ...openParts({ manifest, parts }, engine) }
}

/** `isProvedLater`: whoever asks compiles the graph at once, and so proves the whole of it. */
export const contentsOf = (module: Pick<ModuleParts, "parts">, isProvedLater = false): Contents => ({
  graph: graphFromJson(jsonPart(module, "graph.json"), isProvedLater),
  weights: readSafetensors(partOf(module, "weights.safetensors"), "weights.safetensors"),
})

/** Whether this version knows what the operations of a module mean. Errors: OB231 when it does not. */
export function requireOperations({ name, built }: Pick<Manifest, "name" | "built">): void {
  if (built.operations > OPERATION_SET)
    refuse({
      code: "OB231",
      seen: `\`${name}\` was built with operation set ${built.operations}; this version knows them up to ${OPERATION_SET}.`,
      hint: "Update `open-brains`.",
    })
}

const AGAIN = "Take another copy of the module, or teach it again."

/** A part by its name. Errors: OB510 when the module has none. */
export function partOf({ parts }: Pick<ModuleParts, "parts">, name: string): Uint8Array {
  const found = parts[name]
  return found ?? refuse({ code: "OB510", seen: `The module has no part \`${name}\`.`, hint: AGAIN })
}

/** A part that holds JSON. Errors: OB510, OB511 when it is damaged. */
export function jsonPart(module: Pick<ModuleParts, "parts">, name: string): Json {
  const text = new TextDecoder().decode(partOf(module, name))
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    return refuse({ code: "OB511", seen: `${name} is no JSON: ${(error as Error).message}.`, hint: AGAIN })
  }
}

import { type Digest, digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { EDITS, parseEdits } from "@open-brains/core/module/edits.ts"
import type { NamedDigest } from "@open-brains/core/module/manifest.ts"
import { jsonPart, partOf, requireOperations } from "@open-brains/core/run/module.ts"
import { recipeFrom } from "@open-brains/core/train/recipe.ts"
import type { Start, TeachProgress } from "@open-brains/core/train/teach.ts"
import { buildInTurns, startFrom } from "./build.ts"
import type { PlacedExample } from "./data/split.ts"
import { withEdits } from "./edit.ts"
import { ownExamples } from "./examples.ts"
import type { ModuleFiles } from "./store/folder.ts"

export interface Rebuilt {
  /** Each part that a build gives: the digest that the module names, and that of the new build. */
  readonly parts: readonly { readonly name: string; readonly named: Digest; readonly built: Digest }[]
  readonly isSame: boolean
}
export interface RebuildOptions {
  /** The module that this one was learnt on from, or that was edited, if its manifest names one. */
  readonly base?: ModuleFiles
  /** The examples, when the module does not carry them. */
  readonly examples?: readonly PlacedExample[]
  readonly onProgress?: (progress: TeachProgress) => void
}

/**
 * Builds a module's parts again from its examples, recipe, base and seed, and compares digests. Nothing is written.
 * Errors: OB520 when the base is absent or another one, OB521 when the examples are; OB231 when a newer version built it; those of `buildModule`.
 */
export async function rebuild(
  files: ModuleFiles,
  { base, examples = ownExamples(files), onProgress }: RebuildOptions = {},
): Promise<Rebuilt> {
  const { built, parts } = files.manifest
  requireOperations(files.manifest)
  if (built.edited) return rebuildEdited(files, built.edited, base)
  const recipe = recipeFrom(jsonPart(files, "recipe.json"))
  if (!examples)
    return refuse({
      code: "OB521",
      seen: `${files.path} learnt from ${built.data.map(({ name }) => name).join(", ")}, which it does not carry.`,
      hint: "Run the recipe of its data set: its README says how.",
    })
  if (built.base && base?.digest !== built.base.digest)
    return refuse({
      code: "OB520",
      seen: `${files.path} was learnt on from \`${built.base.name}\` ${built.base.digest}${base ? `, not ${base.digest}` : ""}.`,
      hint: "Name the folder that holds it: --base FOLDER.",
    })
  const start: Start = built.base && base ? { ...startFrom(base, recipe), recipe } : { name: "scratch", recipe }
  const again = await buildInTurns(examples, [start], built.seed, onProgress)
  const compared = Object.entries(again.parts).map(([name, bytes]) => ({
    name,
    named: parts[name]!,
    built: digest(bytes),
  }))
  // What the manifest itself says of the answers comes out of the build too.
  const { gives, unsureBelow, takes } = files.manifest
  const said = (name: string, named: Json, found: Json): (typeof compared)[number] => ({
    name,
    named: digest(canonicalJson(named)),
    built: digest(canonicalJson(found)),
  })
  compared.push(
    said("labels", gives.labels, again.taught.labels),
    said("threshold", unsureBelow, again.taught.unsureBelow),
    said("bytes read", takes.bytesMax, recipe.bytesMax),
  )
  return { parts: compared, isSame: compared.every(({ named, built }) => named === built) }
}

/** Makes the edits again, on the net that was edited. Errors: OB520 when that is absent or another one, OB763, OB764. */
function rebuildEdited(files: ModuleFiles, edited: NamedDigest, base: ModuleFiles | undefined): Rebuilt {
  if (base?.digest !== edited.digest)
    return refuse({
      code: "OB520",
      seen: `${files.path} is \`${edited.name}\` ${edited.digest}, edited by hand${base ? `, not ${base.digest}` : ", and that one is neither beside it nor in your store"}.`,
      hint: "Name the folder that holds it: --base FOLDER.",
    })
  const again = withEdits(base, parseEdits(new TextDecoder().decode(partOf(files, EDITS))))
  const { parts, gives } = files.manifest
  const compared = Object.entries(again.parts).map(([name, bytes]) => ({
    name,
    named: parts[name] ?? digest(""),
    built: digest(bytes),
  }))
  const labels = (list: readonly string[]): Digest => digest(canonicalJson([...list]))
  compared.push({ name: "labels", named: labels(gives.labels), built: labels(again.manifest.gives.labels) })
  return { parts: compared, isSame: compared.every(({ named, built }) => named === built) }
}

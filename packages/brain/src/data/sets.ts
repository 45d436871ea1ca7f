import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { NamedDigest } from "@open-brains/core/module/manifest.ts"
import type { PlacedExample, SplitName } from "./split.ts"

/** A published data set: named, never copied. It is read from a mirror folder, the environment's BRAIN_MIRROR. */
export interface DataSet {
  /** What `brain teach` knows it by. */
  readonly name: string
  /** Path below the mirror. */
  readonly path: string
  readonly url: string
  readonly bytes: number
  readonly digest: Digest
  readonly licence: string
  readonly attribution: string
  read(bytes: Uint8Array): readonly PlacedExample[]
}

/** Larson et al. 2019, "An evaluation dataset for intent classification and out-of-scope prediction". */
export const CLINC150: DataSet = {
  name: "clinc150",
  path: "clinc150/data_full.json",
  url: "https://github.com/clinc/oos-eval/blob/828f8093932c8fe6ca7936c3d2e52903b1c523de/data/data_full.json",
  bytes: 2_495_390,
  digest: "sha256:36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0" as Digest,
  licence: "CC-BY-3.0",
  attribution: "CLINC150 by Larson et al. 2019, EMNLP, CC BY 3.0",
  read(bytes) {
    const whole = JSON.parse(new TextDecoder().decode(bytes)) as Readonly<
      Record<string, readonly (readonly [string, string])[]>
    >
    const part = (key: string, split: SplitName): readonly PlacedExample[] =>
      whole[key]!.map(([text, label]) => ({ text, label: label === "oos" ? undefined : label, split }))
    return [
      ...part("train", "train"),
      ...part("oos_train", "train"),
      ...part("val", "validation"),
      ...part("oos_val", "validation"),
      ...part("test", "test"),
      ...part("oos_test", "test"),
    ]
  },
}
const SETS: readonly DataSet[] = [CLINC150]
export const dataSetNamed = (name: string): DataSet | undefined => SETS.find((set) => set.name === name)

export const asData = ({ name, digest }: DataSet): NamedDigest => ({ name, digest })
/** The data set that a manifest names, if it is one that is known here. */
export const dataSetOf = (data: readonly NamedDigest[]): DataSet | undefined =>
  SETS.find(({ digest }) => data.length === 1 && data[0]!.digest === digest)

/** Examples of a data set from the mirror. Errors: OB530 when it is not there, OB531 when it is another file. */
export async function readDataSet(
  set: DataSet,
  mirror = process.env["BRAIN_MIRROR"],
): Promise<readonly PlacedExample[]> {
  const where = `It is ${set.url} (${(set.bytes / 1e6).toFixed(1)} MB, ${set.licence}).`
  if (mirror === undefined || mirror === "")
    return refuse({
      code: "OB530",
      seen: `The data set ${set.name} is needed and no mirror folder is set. ${where}`,
      hint: `Save it as FOLDER/${set.path} and set BRAIN_MIRROR=FOLDER.`,
    })
  const path = join(mirror, set.path)
  const bytes = await readFile(path).catch(() =>
    refuse({
      code: "OB530",
      seen: `The data set ${set.name} is not in ${mirror}. ${where}`,
      hint: `Save it as ${path}.`,
    }),
  )
  const found = `sha256:${createHash("sha256").update(bytes).digest("hex")}`
  if (found !== set.digest)
    return refuse({
      code: "OB531",
      seen: `${path} is another file: ${found}, not ${set.digest}.`,
      hint: `Fetch it again. ${where}`,
    })
  return set.read(bytes)
}

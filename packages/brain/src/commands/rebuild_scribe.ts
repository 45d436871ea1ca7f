import { fetchingFrom } from "../data/fetch.ts"
import { inBytes } from "../layout.ts"
import { chooseEngine } from "../native/choice.ts"
import type { Found } from "../scribe/find.ts"
import { rebuildScribe as rebuild, writeScribe } from "../scribe/make.ts"
import { PRIMER } from "../scribe/primer.ts"
import type { ExitCode, Services } from "../services.ts"
import { readPredictorModule } from "../store/folder.ts"
import { readingBar } from "./teach_scribe.ts"

/** `brain rebuild SCRIBE`: makes its primer again and compares digests; with `--write` in the place of the one that is there. */
export async function rebuildScribe(
  word: string,
  { folder }: Found,
  { write = false, json = false }: { readonly write?: boolean; readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const bar = readingBar(services)
  const onBytes = (done: number, total: number): void => bar({ doing: "packing its primer", name: PRIMER, done, total })
  const { engine } = chooseEngine("auto", true)
  if (write) {
    const { digest, parts } = await writeScribe(folder, fetchingFrom(), engine, onBytes)
    services.progress(undefined)
    const bytes = parts[PRIMER]!.length
    services.print(
      json
        ? JSON.stringify({ path: word, digest, primerBytes: bytes })
        : `Wrote ${folder}: ${PRIMER} of ${inBytes(bytes)}; the module is ${digest}.`,
    )
    return 0
  }
  const { parts, isSame } = await rebuild(await readPredictorModule(folder), fetchingFrom(), engine, onBytes)
  services.progress(undefined)
  if (json) services.print(JSON.stringify({ path: word, isSame, parts }))
  else {
    for (const { name, named, built } of parts)
      services.print(
        named === built
          ? `${services.paint("green", "same")}  ${name.padEnd(PRIMER.length)}  ${built}`
          : `${services.paint("red", "differs")}  ${name}\n  named  ${named}\n  built  ${built}`,
      )
    services.print(isSame ? "Built again, bit for bit." : "The build does not give what the module names.")
  }
  return isSame ? 0 : 1
}

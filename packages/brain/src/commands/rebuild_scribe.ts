import { fetchingFrom } from "../data/fetch.ts"
import { inBytes } from "../layout.ts"
import { chooseEngine } from "../native/choice.ts"
import { NET } from "../scribe/experts.ts"
import type { Found } from "../scribe/find.ts"
import { type Made, type MakeOptions, rebuildScribe as rebuild, writeScribe } from "../scribe/make.ts"
import { PRIMER } from "../scribe/primer.ts"
import type { ExitCode, Services } from "../services.ts"
import { readPredictorModule } from "../store/folder.ts"
import { tellAsides } from "./ask.ts"
import { readingBar } from "./teach_scribe.ts"

export interface RebuildScribeArguments {
  readonly write?: boolean
  readonly only?: Made
  readonly json?: boolean
}

/** `brain rebuild SCRIBE`: makes its primer and its net again and compares digests; with `--write` in the place of those that are there. */
export async function rebuildScribe(
  word: string,
  { folder }: Found,
  { write = false, only, json = false }: RebuildScribeArguments,
  services: Services,
): Promise<ExitCode> {
  const { engine, asides } = chooseEngine("native")
  const options: MakeOptions = {
    fetching: fetchingFrom(),
    engine,
    onProgress: readingBar(services),
    ...(only === undefined ? {} : { only }),
  }
  if (write) {
    const { digest, parts } = await writeScribe(folder, options)
    services.progress(undefined)
    const sizes = [PRIMER, NET].flatMap((name) => (parts[name] ? [[name, parts[name].length] as const] : []))
    services.print(
      json
        ? JSON.stringify({ path: word, digest, bytes: Object.fromEntries(sizes) })
        : `Wrote ${folder}: ${sizes.map(([name, bytes]) => `${name} of ${inBytes(bytes)}`).join(", ")}; the module is ${digest}.`,
    )
    tellAsides({ asides }, services)
    return 0
  }
  const { parts, isSame } = await rebuild(await readPredictorModule(folder), options)
  services.progress(undefined)
  tellAsides({ asides }, services)
  if (json) services.print(JSON.stringify({ path: word, isSame, parts }))
  else {
    for (const { name, named, built } of parts)
      services.print(
        named === built
          ? `${services.paint("green", "same")}  ${name.padEnd(NET.length)}  ${built}`
          : `${services.paint("red", "differs")}  ${name}\n  named  ${named}\n  built  ${built}`,
      )
    const what = only === undefined ? "Built" : `Its ${only} alone was built`
    services.print(isSame ? `${what} again, bit for bit.` : "The build does not give what the module names.")
  }
  return isSame ? 0 : 1
}

import { dataBehind } from "../data/sets.ts"
import { findNet } from "../edit.ts"
import { ownExamples } from "../examples.ts"
import { rebuild as rebuildModule } from "../rebuild.ts"
import { defaultBase, type ExitCode, type Services } from "../services.ts"
import { readModule } from "../store/folder.ts"
import { fetchingBy, progressBar } from "./progress.ts"

/** `brain rebuild MODULE`: builds the weights again and compares their digest. Exit code 1 when it differs. */
export async function rebuild(
  path: string,
  options: { readonly base?: string; readonly data?: string; readonly offline?: boolean; readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const files = await readModule(path)
  const { edited } = files.manifest.built
  const basePath = edited
    ? (options.base ?? (await findNet(edited.digest, path)))
    : files.manifest.built.base
      ? (options.base ?? defaultBase())
      : undefined
  const base = basePath === undefined ? {} : { base: await readModule(basePath) }
  const fetching = fetchingBy(services, options.offline)
  const examples =
    edited || ownExamples(files) ? undefined : await dataBehind(files.manifest.built.data, options.data, fetching)
  const given = examples ? { examples } : {}
  const { parts, isSame } = await rebuildModule(files, { ...base, ...given, onProgress: progressBar(services) })
  services.progress(undefined)
  if (options.json) services.print(JSON.stringify({ path, isSame, parts }))
  else {
    const width = Math.max(...parts.map(({ name }) => name.length))
    for (const { name, named, built } of parts)
      for (const line of named === built
        ? [`${services.paint("green", "same")}  ${name.padEnd(width)}  ${built}`]
        : [`${services.paint("red", "differs")}  ${name}`, `  named  ${named}`, `  built  ${built}`])
        services.print(line)
    const told = edited
      ? `Edited again, bit for bit, from ${basePath}: brain rebuild tells of that one.`
      : "Built again, bit for bit."
    services.print(isSame ? told : "The build does not give what the module names.")
  }
  return isSame ? 0 : 1
}

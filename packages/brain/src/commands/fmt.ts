import { formatBrains } from "@open-brains/core/composition/format.ts"
import { needBrainFile, readText } from "../brains/sources.ts"
import type { ExitCode, Services } from "../services.ts"
import { writeFileWhole } from "../store/file.ts"

export interface FormatOptions {
  readonly check?: boolean
  readonly json?: boolean
}

/** `brain fmt FILE…`: writes files of brains as everybody writes them. Errors: those of reading; nothing is written then. */
export async function fmt(
  paths: readonly string[],
  { check = false, json = false }: FormatOptions,
  services: Services,
): Promise<ExitCode> {
  if (paths.length === 1 && paths[0] === "-") {
    const chunks: Uint8Array[] = []
    for await (const chunk of services.input)
      chunks.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk)
    services.print(formatBrains(Buffer.concat(chunks).toString("utf8"), "standard input").trimEnd())
    return 0
  }
  const files = paths.map((path) => needBrainFile(path))
  const texts = await Promise.all(files.map(async (file) => [file, readText(file)] as const))
  const changed = texts.flatMap(([file, text]) => {
    const formatted = formatBrains(text, file)
    return formatted === text ? [] : [{ file, formatted }]
  })
  if (!check) for (const { file, formatted } of changed) await writeFileWhole(file, formatted)
  const names = changed.map(({ file }) => file)
  if (json) services.print(JSON.stringify({ files: files.length, changed: names }))
  else for (const name of names) services.print(`${check ? "not written so" : "written"}  ${name}`)
  if (!json && names.length === 0) services.print("Nothing to change.")
  return check && names.length > 0 ? 1 : 0
}

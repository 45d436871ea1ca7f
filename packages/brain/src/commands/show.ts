import { sizeOf } from "@open-brains/core/base/shape.ts"
import { contentsOf } from "../load.ts"
import type { ExitCode, Services } from "../services.ts"
import { readModule } from "../store/folder.ts"

/** `brain show MODULE`: what a module takes, gives, is made of and was learnt from. */
export async function show(
  path: string,
  options: { readonly json?: boolean },
  { print, paint }: Services,
): Promise<ExitCode> {
  const files = await readModule(path)
  const { manifest, digest, parts } = files
  const { weights } = contentsOf(files)
  const tensors = Object.entries(weights).map(([name, { dtype, shape, data }]) => ({
    name,
    dtype,
    shape,
    bytes: data.byteLength,
    numbers: sizeOf(shape),
  }))
  if (options.json) {
    print(JSON.stringify({ path, digest, ...manifest, tensors }))
    return 0
  }
  const { takes, gives, built } = manifest
  const listed =
    gives.labels.slice(0, 12).join(", ") + (gives.labels.length > 12 ? `, … and ${gives.labels.length - 12} more` : "")
  const row = (name: string, value: string): string => `  ${paint("dim", name.padEnd(9))} ${value}`
  print(`${paint("bold", manifest.name)}  ${manifest.about}`)
  print(row("digest", digest))
  print(row("takes", `${takes.name}: ${takes.type}, the first ${takes.bytesMax} bytes`))
  print(
    row(
      "gives",
      `${gives.name}: one of ${gives.labels.length} labels, or unsure below ${manifest.unsureBelow / 256} bits of evidence`,
    ),
  )
  print(row("labels", listed))
  print(row("licence", manifest.licence))
  print(
    row(
      "learnt",
      `from ${built.data.map(({ name }) => name).join(", ")}${built.base ? `, on from the base ${built.base.name}` : ", from scratch"}, seed ${built.seed}`,
    ),
  )
  for (const { name, dtype, shape, bytes } of tensors)
    print(row("weight", `${name}  ${dtype}[${shape.join(", ")}]  ${bytes} bytes`))
  for (const [name, bytes] of Object.entries(parts)) print(row("part", `${name}  ${bytes.length} bytes`))
  return 0
}

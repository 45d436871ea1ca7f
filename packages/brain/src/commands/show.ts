import { sizeOf } from "@open-brains/core/base/shape.ts"
import { contentsOf, correctionsOf } from "@open-brains/core/run/module.ts"
import { definitionsAt } from "../brains/sources.ts"
import { describeEdition, editionOf } from "../editions.ts"
import { counted, pad, shorten, widest, wrap } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { readModule } from "../store/folder.ts"

/** `brain show MODULE`: what a module takes, gives, is made of and was learnt from. */
export async function show(path: string, options: { readonly json?: boolean }, services: Services): Promise<ExitCode> {
  if (definitionsAt(path) !== undefined)
    return (await import("./show_brain.ts")).showDefinition(path, options, services)
  const { print, paint } = services
  const files = await readModule(path)
  const { manifest, digest, parts } = files
  const contents = contentsOf(files)
  const { weights } = contents
  const edition = editionOf(contents)
  const bytes = parts["weights.safetensors"]!.length
  const tensors = Object.entries(weights).map(([name, { dtype, shape, data }]) => ({
    name,
    dtype,
    shape,
    bytes: data.byteLength,
    numbers: sizeOf(shape),
  }))
  if (options.json) {
    const { buckets: rows, dims, levels = 255 } = edition ?? {}
    print(
      JSON.stringify({
        path,
        digest,
        ...manifest,
        ...(edition ? { edition: { rows, dims, levels, bytes } } : {}),
        tensors,
      }),
    )
    return 0
  }
  const { takes, gives, built } = manifest
  const listed =
    gives.labels.slice(0, 12).join(", ") + (gives.labels.length > 12 ? `, … and ${gives.labels.length - 12} more` : "")
  const row = (name: string, value: string): string => `  ${paint("dim", name.padEnd(8))} ${wrap(value, 11)}`
  print(`${paint("bold", manifest.name)}  ${wrap(manifest.about, manifest.name.length + 2)}`)
  print(row("digest", digest))
  print(row("takes", `${takes.name}: ${takes.type}, the first ${takes.bytesMax} bytes`))
  print(
    row(
      "gives",
      `${gives.name}: one of ${counted(gives.labels.length, "label")}, or unsure below ${manifest.unsureBelow / 256} bits of evidence`,
    ),
  )
  print(row("labels", listed))
  const lessons = correctionsOf(files).length
  if (lessons > 0) print(row("lessons", `${lessons}, which count before the net: brain lessons ${path}`))
  print(row("licence", manifest.licence))
  print(
    row(
      "learnt",
      `from ${built.data.map(({ name }) => name).join(", ")}${built.base ? `, on from the base ${built.base.name}` : ", from scratch"}, seed ${built.seed}`,
    ),
  )
  if (built.edited)
    print(
      row(
        "edited",
        `by hand, from ${built.edited.name} ${built.edited.digest}: edits.json says what; brain rebuild ${path}`,
      ),
    )
  if (edition)
    print(row("edition", `${describeEdition(edition)}: a table of rows x numbers; ${bytes} bytes of weights`))
  const ofParts = Object.entries(parts).map(([name, bytes]) => [name, "", bytes.length] as const)
  const shapes = tensors.map(
    ({ name, dtype, shape, bytes }) => [shorten(name, 40), `${dtype}[${shape.join(", ")}]`, bytes] as const,
  )
  const all = [...shapes, ...ofParts]
  const [names, kinds] = [widest(all.map(([name]) => name)), widest(all.map(([, kind]) => kind))]
  const digits = widest(all.map(([, , bytes]) => `${bytes}`))
  all.forEach(([name, kind, bytes], i) => {
    const what = i < shapes.length ? "weight" : "part"
    print(row(what, `${pad(name, names)}  ${pad(kind, kinds)}  ${`${bytes}`.padStart(digits)} bytes`))
  })
  return 0
}

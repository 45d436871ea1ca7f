import { scribeExperts } from "@open-brains/core/mix/scribe.ts"
import { counted, inBytes, pad, shorten, widest, wrap } from "../layout.ts"
import { othersOf } from "../scribe/experts.ts"
import type { Found } from "../scribe/find.ts"
import { lessonsIn } from "../scribe/lessons.ts"
import { printMemory } from "../scribe/memory.ts"
import { PRIMER } from "../scribe/primer.ts"
import type { ExitCode, Services } from "../services.ts"
import { readPredictorModule } from "../store/folder.ts"

/** `brain show SCRIBE`: what it is made of, and what it has read. */
export async function showScribe(
  word: string,
  { folder, isOwn }: Found,
  { json = false }: { readonly json?: boolean },
  { print, paint }: Services,
): Promise<ExitCode> {
  const module = await readPredictorModule(folder)
  const { manifest, digest, parts } = module
  const lessons = isOwn ? await lessonsIn(folder) : []
  const experts = [
    ...scribeExperts({ memoryBytes: manifest.memoryBytes }),
    ...othersOf(module, { memoryBytes: manifest.memoryBytes }),
  ]
  const primerBytes = parts[PRIMER]?.length ?? 0
  const taught = lessons.reduce((sum, { bytes }) => sum + bytes, 0)
  if (json) {
    print(
      JSON.stringify({
        path: word,
        folder,
        isOwn,
        digest,
        ...manifest,
        experts: experts.map(({ name, about }) => ({ name, about })),
        lessons: lessons.map(({ path: _, ...each }) => each),
        bytesRead: { primer: primerBytes, lessons: taught },
      }),
    )
    return 0
  }
  const row = (name: string, value: string): void => print(`  ${paint("dim", name.padEnd(8))} ${wrap(value, 11)}`)
  print(`${paint("bold", manifest.name)}  ${wrap(manifest.about, manifest.name.length + 2)}`)
  row("digest", digest)
  row("memory", `${printMemory(manifest.memoryBytes)} of tables`)
  const width = widest(experts.map(({ name }) => name))
  for (const [i, { name, about }] of experts.entries()) row(i === 0 ? "experts" : "", `${pad(name, width)}  ${about}`)
  row("read", `${counted(primerBytes, "byte")} of its primer, ${counted(taught, "byte")} of lessons`)
  for (const { lesson, name, bytes } of lessons) row(`lesson ${lesson}`, `${shorten(name)}, ${inBytes(bytes)}`)
  row("licence", manifest.licence)
  const data = manifest.built.data.map(({ name }) => name)
  if (data.length > 0) row("made", `from ${shorten(data.join(", "), 400)}: brain rebuild ${word}`)
  for (const [name, bytes] of Object.entries(parts)) row("part", `${name}, ${inBytes(bytes.length)}`)
  if (!isOwn) row("", `To teach it, a copy is made: brain teach ${word} notes.txt`)
  return 0
}

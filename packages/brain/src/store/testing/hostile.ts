/** A layout on the disk whose index or mark a stranger wrote. For tests and a bench. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Reader } from "@open-brains/core/commons/testing/hostile.ts"
import { altered } from "@open-brains/core/commons/testing/mutations.ts"
import { openLayout } from "../layout.ts"
import { moduleOf, push } from "./artifacts.ts"

/** Makes a layout in the folder, and reads it again and again, each time with one of its two files altered. */
export async function layoutReader(folder: string): Promise<Reader> {
  const layout = await openLayout(folder, { create: true })
  for (const [name, tag] of [
    ["one", "edge"],
    ["one", "stable"],
    ["two", "edge"],
  ] as const)
    await push(layout, `acme/${name}`, moduleOf(name), tag)
  const files = ["index.json", "oci-layout"].map((name) => {
    const path = join(folder, name)
    return { path, bytes: readFileSync(path) }
  })
  return {
    codes: ["OB710", "OB711", "OB712", "OB713"],
    async attempt(choice) {
      const { path, bytes } = choice.of(files)
      writeFileSync(path, altered(bytes, choice))
      try {
        const opened = await openLayout(folder)
        for (const repository of await opened.repositories())
          for (const tag of await opened.tags(repository)) {
            const found = await opened.resolve(repository, tag)
            if (found !== undefined) await opened.referrers(repository, found.digest)
          }
      } finally {
        writeFileSync(path, bytes)
      }
    },
  }
}

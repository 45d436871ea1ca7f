import { lstatSync, mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import type { Manifest } from "@open-brains/core/module/manifest.ts"

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "open-brains-store-"))

/** A module whose every file says which edition it is. */
export const manifestOf = (edition: string): Omit<Manifest, "parts"> => ({
  kind: "net",
  name: "helpdesk",
  about: `Edition ${edition}`,
  licence: "CC0-1.0",
  takes: { name: "message", type: "text", bytesMax: 1024 },
  gives: { name: "intent", type: "label", labels: ["parcel", "refund"] },
  unsureBelow: 22_282,
  built: { operations: 1, seed: 1, data: [{ name: "examples.jsonl", digest: digest("") }] },
})
export const partsOf = (edition: string): Readonly<Record<string, Uint8Array>> => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content)
  const parts = { "graph.json": text(`graph ${edition}`), "README.md": text(`card ${edition}`) }
  return { ...parts, [`only-${edition}.json`]: text(edition) }
}

/** Content of every file below a folder, by path. */
export function filesIn(folder: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (lstatSync(join(folder, name)).isFile()) found[name] = readFileSync(join(folder, name), "utf8")
  return found
}

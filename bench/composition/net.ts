/** A net as checking sees it: its manifest. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { printManifest } from "@open-brains/core/module/text.ts"

export function writeNet(folder: string, labels: readonly string[]): void {
  mkdirSync(folder, { recursive: true })
  const manifest = printManifest({
    kind: "net",
    name: "mood",
    about: "How somebody feels",
    licence: "CC0-1.0",
    takes: { name: "text", type: "text", bytesMax: 1024 },
    gives: { name: "label", type: "label", labels },
    unsureBelow: 0,
    built: { operations: 1, seed: 1, data: [] },
    parts: {},
  })
  writeFileSync(join(folder, "module.brain"), manifest)
}

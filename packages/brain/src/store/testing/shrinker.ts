/** A process that pushes editions of a module into a store, each a little other than the last, until it is killed: `node shrinker.ts FOLDER NAME`. */
import { openLayout } from "../layout.ts"
import { shrink } from "../shrink.ts"
import { putArtifact } from "../unpack.ts"
import { edition } from "./editions.ts"

const [folder = "", name = ""] = process.argv.slice(2)
const layout = await openLayout(folder, { create: true })
for (let i = 0; ; i++) {
  const module = edition(name, i)
  await putArtifact(layout, `acme/${name}`, module, `t${i}`)
  process.stdout.write(`${i}\n`)
  await shrink(layout, module.artifact.digest)
}

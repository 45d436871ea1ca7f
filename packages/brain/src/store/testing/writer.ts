/** A process that writes editions of a module one after another until it is killed: `node writer.ts PATH`. */
import { writeModule } from "../folder.ts"
import { manifestOf, partsOf } from "./module.ts"

const path = process.argv[2]!
for (let edition = 0; ; edition++) {
  await writeModule(path, manifestOf(`e${edition}`), partsOf(`e${edition}`))
  process.stdout.write(`${edition}\n`)
}

/** A process that pushes editions of a module one after another: `node pusher.ts FOLDER NAME [COUNT]`. */
import { openLayout } from "../layout.ts"
import { moduleOf, push } from "./artifacts.ts"

const [folder = "", name = "", count = "Infinity"] = process.argv.slice(2)
const layout = await openLayout(folder, { create: true })
for (let edition = 0; edition < Number(count); edition++) {
  await push(layout, `acme/${name}`, moduleOf(`${name}${edition}-${process.pid}`), `t${edition % 50}`)
  process.stdout.write(`${edition}\n`)
}

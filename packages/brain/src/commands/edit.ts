import type { Edit } from "@open-brains/core/module/edits.ts"
import { editModule } from "../edit.ts"
import type { ExitCode, Services } from "../services.ts"

export interface EditOptions {
  readonly weight?: string
  readonly at?: readonly number[]
  readonly to?: number
  readonly scale?: readonly string[]
  readonly labels?: readonly string[]
  readonly into?: string
  readonly json?: boolean
}

/** `brain edit MODULE`: a net that was changed by hand, and says so. */
export async function edit(path: string, options: EditOptions, services: Services): Promise<ExitCode> {
  const into = options.into ?? `${path.replace(/[/\\]+$/, "")}-edited`
  services.holdInterrupts()
  const change = editOf(options)
  const { digest, manifest } = await editModule(path, [change], into)
  if (options.json)
    services.print(JSON.stringify({ path: into, digest, edited: manifest.built.edited, edits: [change] }))
  else {
    services.print(`${into} is ${path}, edited: ${told(change)}.`)
    services.print(services.paint("dim", `See what became of it: brain compare ${path} ${into} --on BENCHMARK`))
  }
  return 0
}
function editOf({ weight, at = [], to, scale, labels = [] }: EditOptions): Edit {
  if (weight !== undefined) return { edit: "weight", name: weight, at, to: to! }
  if (scale !== undefined) return { edit: "scale", name: scale[0]!, by: Number(scale[1]) }
  return {
    edit: "labels",
    called: labels.map((pair) => {
      const [old, now] = pair.split("=") as [string, string]
      return [old, now]
    }),
  }
}
function told(edit: Edit): string {
  switch (edit.edit) {
    case "weight":
      return `${edit.name}[${edit.at.join(", ")}] is ${edit.to}`
    case "scale":
      return `${edit.name} times ${edit.by}`
    case "labels":
      return edit.called.map(([old, now]) => `${old} is called ${now}`).join(", ")
    default:
      return edit satisfies never
  }
}

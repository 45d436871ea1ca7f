import { refuse } from "@open-brains/core/base/problem.ts"
import { COLUMNS } from "../data/read.ts"
import { dataSetOf, readDataSet } from "../data/sets.ts"
import { gather, ownExamples, splitsOf } from "../examples.ts"
import { load } from "../load.ts"
import { score } from "../report.ts"
import type { ExitCode, Services } from "../services.ts"
import { describeReport } from "./teach.ts"

export interface TestArguments {
  readonly text?: string
  readonly label?: string
  readonly json?: boolean
}

/** `brain test MODULE [FILE]`: scores a module on a file, or on the examples that it held out when it was taught. */
export async function test(
  path: string,
  file: string | undefined,
  options: TestArguments,
  services: Services,
): Promise<ExitCode> {
  const brain = await load(path)
  const columns = { ...COLUMNS, text: options.text ?? COLUMNS.text, label: options.label ?? COLUMNS.label }
  const set = dataSetOf(brain.files.manifest.built.data)
  const carried = set && file === undefined ? await readDataSet(set) : ownExamples(brain.files)
  const own = splitsOf(carried ?? []).test
  const examples = file === undefined ? own : (await gather([file], undefined, columns)).examples
  if (examples.length === 0)
    refuse({
      code: "OB513",
      seen: `${path} carries no test examples.`,
      hint: `Give a file of them: brain test ${path} FILE.`,
    })
  const report = score(brain, examples)
  for (const line of options.json ? [JSON.stringify(report)] : describeReport(report, services.paint))
    services.print(line)
  return 0
}

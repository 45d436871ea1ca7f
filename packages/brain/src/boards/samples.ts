import { DTYPE, type Numbers, zeros } from "@open-brains/core/base/dtype.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { sameShape } from "@open-brains/core/base/shape.ts"
import type { Ports } from "@open-brains/core/run/net_program.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"

/** What a net is asked while its cycles are counted: in each run every entry once, one after the other. */
export interface Samples {
  readonly about: string
  /** Whether the folder holds them; otherwise they are drawn. */
  readonly areGiven: boolean
  /** Numbers by the buffers of inputs. */
  readonly runs: readonly Readonly<Record<string, Numbers>>[]
}
/** Of a folder that holds none. */
const DRAWN = 8
/** More of them than this are not looked at. */
const RUNS_MAX = 64
const SEED = 1

/**
 * `samples.safetensors` of a net's folder: for an input of an entry `ENTRY.INPUT`, of the input's dtype and shape behind one
 * dim more, over the runs. An input without samples, or all of them, has drawn numbers: uniform over its dtype.
 * Gives what is wrong, in words, where they do not fit.
 */
export function samplesOf(ports: Readonly<Record<string, Ports>>, given: Tensors = {}): Samples | string {
  const inputs = Object.entries(ports).flatMap(([entry, each]) =>
    Object.entries(each.inputs).map(([name, port]) => ({ name: `${entry}.${name}`, ...port })),
  )
  const counts = new Set(Object.values(given).map(({ shape }) => shape[0] ?? 0))
  const [count = DRAWN] = counts
  if (counts.size > 1 || count === 0) return `its samples have ${[...counts].join(" and ")} runs`
  for (const [name, { dtype, shape }] of Object.entries(given)) {
    const port = inputs.find((each) => each.name === name)
    if (port === undefined) return `it has samples for \`${name}\`, which is no input of its entries`
    if (port.dtype !== dtype || !sameShape(shape.slice(1), port.shape))
      return `its samples for \`${name}\` are ${dtype}[${shape}], not ${port.dtype}[${[count, ...port.shape]}]`
  }
  const random = stream(SEED, "draw")
  let drawn = 0
  const taken = Math.min(count, RUNS_MAX)
  const runs = Array.from({ length: taken }, (_, run) =>
    Object.fromEntries(
      inputs.map(({ name, buffer, dtype, shape }) => {
        const length = shape.reduce((a, b) => a * b, 1)
        const own = given[name]?.data.subarray(run * length, (run + 1) * length)
        if (own) return [buffer, own as Numbers]
        const numbers = zeros(dtype, length)
        if (DTYPE[dtype].scalar === "i32") for (let i = 0; i < length; i++) numbers[i] = random.word(drawn++)
        return [buffer, numbers]
      }),
    ),
  )
  const areGiven = Object.keys(given).length > 0
  if (inputs.length === 0) return { about: "", areGiven, runs: runs.slice(0, 1) }
  return { about: `mean of ${taken} ${areGiven ? "samples" : "drawn inputs"}`, areGiven, runs }
}

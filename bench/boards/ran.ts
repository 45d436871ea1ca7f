/** Exhibits on the targets of boards, each built and run once for all parts of the bench. */
import { buildProbe, type ProbeAnswers, TARGETS, type Target } from "./brain.testing.ts"
import { type Exhibit, sameBytes } from "./exhibit.ts"

export interface Ran {
  /** How many requests got the bytes of the interpreter, states included. */
  readonly equal: number
  readonly answers: ProbeAnswers
}
/** Why nothing ran: the target is not here, or has too little memory. */
export interface Unrun {
  readonly why: string
}
const MS_MAX = 600_000
const ran = new WeakMap<Exhibit, Map<Target, Promise<Ran | Unrun>>>()

export function runOn(exhibit: Exhibit, target: Target): Promise<Ran | Unrun> {
  const own = ran.get(exhibit) ?? new Map<Target, Promise<Ran | Unrun>>()
  ran.set(exhibit, own)
  const found = own.get(target) ?? run(exhibit, target)
  own.set(target, found)
  return found
}
async function run(exhibit: Exhibit, target: Target): Promise<Ran | Unrun> {
  const { missing, memoryBytes } = TARGETS[target]
  const lacks = missing()
  if (lacks !== undefined) return { why: lacks }
  const { ramBytes, probed, ports, requests } = exhibit
  if (ramBytes > memoryBytes)
    return { why: `${ramBytes} bytes of RAM, of ${memoryBytes} that leave room for the stack of a probe` }
  let probe: Awaited<ReturnType<typeof buildProbe>>
  try {
    probe = await buildProbe(probed, ports, target)
  } catch (error) {
    const said = (error as Error).message
    if (!/does not fit|overflowed/.test(said)) throw error
    return { why: said.split("\n")[0]! }
  }
  try {
    const answers = await probe.run(requests, MS_MAX)
    const judged = exhibit.judged()
    return { equal: answers.outputs.filter((bytes, n) => sameBytes(bytes, judged[n]!)).length, answers }
  } finally {
    probe[Symbol.dispose]()
  }
}

export interface Cycles {
  readonly mean: number
  readonly most: number
}
/** Cycles of the calls of one entry. */
export function cyclesOf({ counted }: Exhibit, { cycles }: ProbeAnswers, entry: string): Cycles | undefined {
  const own = cycles?.filter((_, n) => counted[n] === entry) ?? []
  if (own.length === 0) return undefined
  return { mean: own.reduce((sum, each) => sum + each, 0) / own.length, most: Math.max(...own) }
}

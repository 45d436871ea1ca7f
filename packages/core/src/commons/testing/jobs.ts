/** Jobs of the gate and what workers say to them. */
import { digest } from "../../base/digest.ts"
import { canonicalJson, type JsonObject } from "../../base/json.ts"
import { type Signer, seal } from "../envelope.ts"
import { leafHash, treeOfHashes } from "../merkle.ts"
import { type AttestationStatement, printStatement } from "../statement.ts"
import {
  attestedFor,
  type CheckJob,
  countsOf,
  digestOfJob,
  type ItemsJob,
  type ItemsResult,
  type JobResult,
  RUNNER,
  sumOf,
} from "../work.ts"
import { bytesOf, SIGNERS, textOf } from "./examples.ts"

const place = (repository: string, of = repository) => ({ repository, artifact: digest(of) })
export const ITEMS_JOB: ItemsJob = {
  kind: "items",
  id: 7,
  candidate: place("acme/intent", "new"),
  baseline: place("acme/intent", "old"),
  anchor: place("acme/intent", "first"),
  benchmark: place("shop/questions"),
  within: { brain: place("shop/desk"), module: { namespace: "acme", name: "intent" } },
  items: { seed: 4294967295, from: 16, count: 4 },
}
export const CHECK_JOB: CheckJob = {
  kind: "check",
  id: 3,
  candidate: place("acme/intent", "new"),
  baseline: place("acme/intent", "old"),
  isSimpler: true,
  benchmarks: [{ benchmark: place("shop/questions") }],
}

/** What a worker says that was answered so, with scores of its own. */
export function answered(
  job: ItemsJob,
  answers: {
    readonly candidate: readonly string[]
    readonly baseline: readonly string[]
    readonly anchor?: readonly string[]
  },
  score: (answer: string) => number,
  signer: Signer = SIGNERS[0]!,
  edit: Partial<AttestationStatement> = {},
): ItemsResult {
  const leavesOf = (texts: readonly string[]) => texts.map((each) => leafHash(bytesOf(each)))
  const of = (side: "baseline" | "anchor") => {
    const others = answers[side]!
    const differences = answers.candidate.map((each, i) => score(each) - score(others[i]!))
    const statement: AttestationStatement = {
      ...attestedFor(job, side),
      counts: countsOf(differences),
      sum: sumOf(differences),
      answers: {
        candidate: treeOfHashes(leavesOf(answers.candidate)).root,
        baseline: treeOfHashes(leavesOf(others)).root,
      },
      runner: RUNNER,
      ...edit,
    }
    return { leaves: leavesOf(others), differences, envelope: textOf(seal(printStatement(statement), [signer])) }
  }
  const [baseline, anchor] = [of("baseline"), answers.anchor && of("anchor")]
  return {
    kind: "items",
    job: job.id,
    asked: digestOfJob(job, digest),
    leaves: {
      candidate: leavesOf(answers.candidate),
      baseline: baseline.leaves,
      ...(anchor ? { anchor: anchor.leaves } : {}),
    },
    differences: { baseline: baseline.differences, ...(anchor ? { anchor: anchor.differences } : {}) },
    attestations: { baseline: baseline.envelope, ...(anchor ? { anchor: anchor.envelope } : {}) },
  }
}
export const ITEMS_RESULT = answered(
  ITEMS_JOB,
  {
    candidate: ["right", "right", "wrong", "right"],
    baseline: ["wrong", "right", "wrong", "right"],
    anchor: ["wrong", "wrong", "right", "right"],
  },
  (answer) => (answer === "right" ? 2 ** 32 : 0),
)
export const RESULTS: readonly JobResult[] = [
  ITEMS_RESULT,
  {
    kind: "check",
    job: 3,
    asked: digestOfJob(CHECK_JOB, digest),
    findings: {
      refusal: "OB756",
      because: "It is not simpler.",
      benchmarks: [
        { refusal: null, itemCount: 200 },
        { refusal: "OB752", because: "It asks for an image.", itemCount: null },
      ],
    },
  },
  { kind: "failure", job: 7, asked: digest("job"), code: "OB754", because: "The generator gives no item 16." },
]
export const resultPayload = (result: JobResult): Uint8Array =>
  bytesOf(canonicalJson(JSON.parse(JSON.stringify(result)) as JsonObject))

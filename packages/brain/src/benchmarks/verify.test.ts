import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { seal } from "@open-brains/core/commons/envelope.ts"
import { type AttestationStatement, printStatement } from "@open-brains/core/commons/statement.ts"
import { OPERATION_SET } from "@open-brains/core/graph/operations.ts"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { editModule } from "../edit.ts"
import { newKey, signerOf } from "../keys/keys.ts"
import { artifactOf } from "../store/artifact.ts"
import { brain } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { type Attestation, leavesOf, readAttestations, rootOf, writeAttestation } from "./attest.ts"
import { ENDLESS, generatorFolder, SWAPPED } from "./testing/folders.ts"

/** A brain that answers otherwise than the net that it asks. */
const TURNED =
  "sort is intent of message\n kind is route sort { when parcel: label refund when refund: label parcel when unsure: label parcel }"
const HELP = (rule: string): string =>
  `brain help {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n use intent from "acme/desk"\n ${rule}\n}\n`
let folder: string
let [desk, swapped, generated, file] = ["", "", "", ""]
let where: readonly string[] = []
const stub = (): void => {
  vi.stubEnv("XDG_CONFIG_HOME", join(folder, "config"))
  vi.stubEnv("BRAIN_STORE", join(folder, "store"))
}
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-verify-"))
  stub()
  ;[desk, swapped, file] = [join(folder, "desk"), join(folder, "swapped"), join(folder, "a.json")]
  await teachDesk(folder)
  await editModule(desk, SWAPPED, swapped)
  generated = generatorFolder(folder, ENDLESS)
  where = ["--baseline", desk, "--candidate", swapped, "--benchmark", generated]
  await newKey("me")
  const { out } = await brain(["compare", desk, swapped, "--on", generated, "--attest", file])
  expect(out).toContain(`Signed: ${file}`)
})
beforeEach(stub)
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The attestation with a lie in it, signed again by somebody who has a key. */
async function forged(
  change: (
    statement: AttestationStatement,
    leaves: Attestation["leaves"],
  ) => Partial<Attestation["leaves"]> | undefined,
  lie: (statement: AttestationStatement, leaves: Attestation["leaves"]) => AttestationStatement,
  source = file,
): Promise<string> {
  const [{ statement, leaves }] = readAttestations(source) as [ReturnType<typeof readAttestations>[number]]
  const whole = leaves as Attestation["leaves"]
  const path = join(folder, "forged.json")
  const beside = { ...whole, ...change(statement, whole) }
  await writeAttestation(path, [
    { envelope: seal(printStatement(lie(statement, beside)), [signerOf("me")]), leaves: beside },
  ])
  return path
}

test("an attestation is run again and holds to the bit, from folders", async () => {
  const { code, out } = await brain(["verify", file, ...where])
  expect(out).toMatch(/^holds/)
  expect(code).toBe(0)
})

test("it is found in the store by its digests", async () => {
  for (const [path, name] of [
    [desk, "acme/desk"],
    [swapped, "acme/swapped"],
    [generated, "acme/questions"],
  ] as const)
    expect((await brain(["push", path, name])).err).toBe("")
  const { code, out } = await brain(["verify", file, "--json"])
  expect(JSON.parse(out)).toMatchObject({ holds: true })
  expect(code).toBe(0)
  const other = await brain(["compare", "acme/desk", "acme/swapped", "--on", "acme/questions"])
  expect(other.out).toContain("refused: harmful")
})

test("an answer that was made up is named by its item, once its hashes are beside the envelope", async () => {
  const lies = leavesOf(['{"label":"parcel"}'])[0]!
  const path = await forged(
    (_, { candidate }) => ({ candidate: candidate.map((leaf, i) => (i === 5 || i === 9 ? lies : leaf)) }),
    (statement, leaves) => ({ ...statement, answers: { ...statement.answers, candidate: rootOf(leaves.candidate) } }),
  )
  const { code, out } = await brain(["verify", path, ...where])
  expect(code).toBe(1)
  expect(out).toContain("First at item 5,")
  expect(out).toContain("here the candidate says")
})

test("counts that were made up do not hold, though the roots do", async () => {
  const path = await forged(
    () => undefined,
    (statement) => {
      const { better, equal, worse } = statement.counts
      return { ...statement, counts: { better: better + worse, equal, worse: 0 } }
    },
  )
  const { code, out } = await brain(["verify", path, ...where])
  expect(code).toBe(1)
  expect(out).toMatch(/It says \d+ better, and there are \d+\./)
})

test("hashes that are not the ones that were signed name nobody", async () => {
  const lies = leavesOf(["x"])[0]!
  const path = await forged(
    (_, { candidate }) => ({ candidate: candidate.map(() => lies) }),
    (statement) => ({ ...statement, answers: { ...statement.answers, candidate: rootOf([lies]) } }),
  )
  const { code, out } = await brain(["verify", path, ...where])
  expect(code).toBe(1)
  expect(out).toContain("they name no item")
  expect(out).not.toContain("First at item")
})

test("an envelope that was changed, or is another person's, is refused", async () => {
  const text = readFileSync(file, "utf8")
  const { attestations } = JSON.parse(text) as { attestations: { envelope: { payload: string } }[] }
  const payload = Buffer.from(attestations[0]!.envelope.payload, "base64").toString().replace('"equal":', '"equal": ')
  const changed = join(folder, "changed.json")
  writeFileSync(changed, text.replace(attestations[0]!.envelope.payload, Buffer.from(payload).toString("base64")))
  expect((await brain(["verify", changed, ...where])).err).toContain("error[OB762]")
  const stranger = `ed25519:${"A".repeat(43)}`
  expect((await brain(["verify", file, "--key", stranger, ...where])).err).toContain("error[OB762]")
  expect((await brain(["verify", file, "--key", signerOf("me").key, ...where])).code).toBe(0)
})

describe("within a brain", () => {
  let [help, inBrain] = ["", ""]
  let around: readonly string[] = []
  beforeAll(async () => {
    stub()
    vi.stubEnv("BRAIN_STORE", join(folder, "store-of-brain"))
    expect((await brain(["push", desk, "acme/desk"])).err).toBe("")
    ;[help, inBrain] = [join(folder, "help.brain"), join(folder, "in.json")]
    writeFileSync(help, HELP(TURNED))
    expect((await brain(["lock", help])).err).toBe("")
    const { code, out, err } = await brain([
      ...["compare", desk, swapped, "--on", generated],
      ...["--in", help, "--as", "acme/desk", "--attest", inBrain],
    ])
    expect(err).toBe("")
    expect(out).toContain(`Signed: ${inBrain}`)
    expect(code).toBe(0) // what is harmful by itself mends a brain that turns the labels around
    around = [...where, "--in", help]
  })
  beforeEach(() => vi.stubEnv("BRAIN_STORE", join(folder, "store-of-brain")))

  test("it is run again there, and names the brain and the module whose place it is", async () => {
    const { code, out } = await brain(["verify", inBrain, ...around, "--json"])
    const { holds, attestations } = JSON.parse(out) as { holds: boolean; attestations: { statement: object }[] }
    expect([code, holds]).toEqual([0, true])
    const { artifact } = await artifactOf(help)
    const within = { brain: artifact.digest, module: { namespace: "acme", name: "desk" } }
    expect(attestations[0]!.statement).toMatchObject({ within })
  })

  test("without the brain, or in another one, it is refused", async () => {
    expect((await brain(["verify", inBrain, ...where])).err).toContain("error[OB761]")
    const plain = join(folder, "plain.brain")
    writeFileSync(plain, HELP("kind is intent of message"))
    expect((await brain(["lock", plain])).err).toBe("")
    const { err } = await brain(["verify", inBrain, ...where, "--in", plain])
    expect(err).toContain("error[OB761]")
    expect(err).toContain("is not the brain that was attested")
  })

  test("an answer that was made up does not hold there, and is named by its item", async () => {
    const lies = leavesOf(['{"label":"refund"}', '{"label":"parcel"}'])
    const path = await forged(
      (_, { candidate }) => ({
        candidate: candidate.map((leaf, i) => (i < 3 ? lies.find((each) => each !== leaf)! : leaf)),
      }),
      (statement, leaves) => ({ ...statement, answers: { ...statement.answers, candidate: rootOf(leaves.candidate) } }),
      inBrain,
    )
    const { code, out } = await brain(["verify", path, ...around])
    expect(code).toBe(1)
    expect(out).toContain("First at item 0,")
  })

  test("what was run by itself does not pass for what was run there", async () => {
    const path = await forged(
      () => undefined,
      (statement) => {
        const { within: _, ...alone } = statement
        return alone
      },
      inBrain,
    )
    const { code, out } = await brain(["verify", path, ...where])
    expect(code).toBe(1)
    expect(out).toContain("The candidate does not say here what was attested")
  })
})

test("an older set of operations is said, a newer one is refused, and a program that names none is named", async () => {
  const by = (runner: string) =>
    forged(
      () => undefined,
      (statement) => ({ ...statement, runner }),
    )
  const older = await brain(["verify", await by("open-brains; operations 0"), ...where])
  expect(older.out).toMatch(/^holds/)
  expect(older.out).toContain("an older one than ours")
  const newer = await brain(["verify", await by(`open-brains; operations ${OPERATION_SET + 1}`), ...where])
  expect(newer.err).toContain("error[OB772]")
  const other = await brain(["verify", await by("something else 3"), ...where])
  expect(other.out).toContain("“something else 3”, which names no set of operations")
})

test("an edited net is made again from the one that it names, or not at all", async () => {
  expect((await brain(["rebuild", swapped])).code).toBe(0)
  expect((await brain(["rebuild", swapped, "--base", swapped])).err).toContain("error[OB520]")
})

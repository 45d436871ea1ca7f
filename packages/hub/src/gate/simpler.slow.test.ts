import { afterEach, expect, test } from "vitest"
import { churning, makeVillage, makeWorker, pushCandidate, work } from "../testing/gate.ts"
import { endHubs } from "../testing/hub.ts"

afterEach(endHubs)

test("one that is as good is accepted where it is simpler, and only there", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "as good", churning)
  const workers = [makeWorker(), makeWorker(), makeWorker()]
  expect(await work(village, workers, id)).toMatchObject({ state: "refused", verdict: { kind: "unproven" } })
  const simpler = await pushCandidate(village, "smaller", churning, { isSimpler: true })
  expect(await work(village, workers, simpler.id)).toMatchObject({
    ...{ state: "accepted", attempt: 2, accepted: 0, isSimpler: true },
    verdict: { kind: "not worse", because: expect.stringContaining("simpler") as string },
  })
})

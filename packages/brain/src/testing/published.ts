import { join } from "node:path"
import { mirror, repository } from "../../../../scripts/testing.ts"
import { fetchingFrom } from "../data/fetch.ts"
import { needDataSet, readDataSet } from "../data/sets.ts"
import type { PlacedExample } from "../data/split.ts"

/** A first-party data set out of the mirror; tests and benches never ask the network. */
export const published = async (name: string): Promise<readonly PlacedExample[]> =>
  readDataSet(await needDataSet(join(repository, "modules", "datasets", name)), {
    ...fetchingFrom(),
    mirror: mirror(),
    isOffline: true,
  })
export const CLINC150_IN_MIRROR = "clinc150/data_full.json"

import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Job, Place } from "@open-brains/core/commons/work.ts"
import { inBytes } from "../layout.ts"
import type { Registry } from "../registry/registry.ts"
import { takeArtifact } from "../sharing/add.ts"
import { lookAt, usedBy } from "../sharing/copy.ts"
import { collect } from "../store/collect.ts"
import { checkedOut, openMine } from "../store/mine.ts"

/** All modules of a job, with what they use: a worker takes no more for it. */
const JOB_BYTES_MAX = 2 ** 30

/** Folders of what a job names, by the digest of each artifact. */
export type Folders = ReadonlyMap<Digest, string>
export interface Fetching {
  /** Errors: OB765 when it is more than a worker takes, OB725 of what is not what it says it is, and those of the place. */
  fetch(job: Job): Promise<Folders>
}

/** Of a store that is the worker's own, not a person's: once so much was taken, what no tag stands for and is no younger goes. */
export interface Room {
  readonly bytes: number
  readonly youngMs: number
}

/**
 * Takes from a hub what jobs name, into the person's store: each file is held against its digest, and each module is made of its files again. No
 * tag stands for it, so that it goes with the next `brain rm`.
 */
export function fetchingFrom(registry: Registry, room?: Room): Fetching {
  const whole = new Set<Digest>() // was made again already
  let taken = 0
  return {
    async fetch(job) {
      const folders = new Map<Digest, string>()
      const mine = await openMine()
      if (room !== undefined && taken > room.bytes) {
        await collect(mine, room)
        whole.clear()
        taken = 0
      }
      let bytes = 0
      const look = async (repository: string, digest: Digest) => {
        const isHere = (await mine.resolve(repository, digest)) !== undefined
        const found = await lookAt(isHere ? mine : registry, repository, digest)
        bytes += found.artifact.files.reduce((sum, { size }) => sum + size, found.artifact.card.size)
        if (bytes > JOB_BYTES_MAX) tooMuch(repository)
        return found.card
      }
      for (const { repository, artifact } of placesIn(job)) {
        const card = await look(repository, artifact)
        const uses = await usedBy(card, look)
        for (const each of [...uses, { repository, digest: artifact }]) {
          if (whole.has(each.digest) && (await mine.resolve(each.repository, each.digest)) !== undefined) continue
          taken += (await takeArtifact(registry, mine, each.repository, each.digest)).sent
          whole.add(each.digest)
        }
        folders.set(artifact, await checkedOut(artifact, mine))
      }
      return folders
    },
  }
}

function placesIn(job: Job): readonly Place[] {
  const asked = job.kind === "items" ? [job] : job.benchmarks
  const all = [
    ...[job.candidate, job.baseline],
    ...(job.anchor ? [job.anchor] : []),
    ...asked.flatMap(({ benchmark, within }) => (within ? [benchmark, within.brain] : [benchmark])),
  ]
  return [...new Map(all.map((place) => [place.artifact, place])).values()]
}

const tooMuch = (repository: string): never =>
  refuse({
    code: "OB765",
    seen: `With ${repository} the job has more than ${inBytes(JOB_BYTES_MAX)} of modules, and a worker takes no more for one.`,
    hint: "Make the module, or the benchmark, smaller.",
  })

import { digest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { type Descriptor, printArtifact } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import type { Registry } from "../../registry/registry.ts"
import { type Fetched, putArtifact } from "../unpack.ts"

/** A module of two files, whose contents say which edition it is. */
export function moduleOf(edition: string): Fetched {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content)
  const files = new Map([
    ["module.brain", text(`code ${edition} {}\n`)],
    ["part.txt", text("the same for all\n")],
  ])
  const cardData: Card = {
    kind: "code",
    name: "mood",
    about: `Edition ${edition}`,
    licence: "CC0-1.0",
    module: digest(edition),
    takes: [],
    gives: [],
    bytes: 0,
    uses: [],
    benchmarks: [],
  }
  const described = [...files].map(([path, bytes]) => ({ path, digest: digest(bytes), size: bytes.length }))
  return { ...printArtifact(described, cardData), cardData, files }
}

export async function push(registry: Registry, repository: string, module: Fetched, tag: string): Promise<Descriptor> {
  await putArtifact(registry, repository, module, tag)
  return (await registry.resolve(repository, module.artifact.digest))!
}

export async function codesOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return "none"
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code).join()
    throw error
  }
}

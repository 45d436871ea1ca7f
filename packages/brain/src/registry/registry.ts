import type { Digest } from "@open-brains/core/base/digest.ts"
import type { Descriptor } from "@open-brains/core/commons/artifact.ts"

/**
 * A place that keeps artifacts: a folder, an OCI registry, or a hub. Whatever it gives was verified against its digest on
 * the way; what it is given is on its disk when the promise resolves. Repositories are `namespace/name`.
 */
export interface Registry {
  /** What messages call it: a path or an address. */
  readonly place: string
  /** The manifest that a tag or a digest stands for, or nothing. */
  resolve(repository: string, reference: string): Promise<Descriptor | undefined>
  tags(repository: string): Promise<readonly string[]>
  repositories(): Promise<readonly string[]>
  /** Errors: OB712 when it is not there, OB713 when its bytes are not those of the digest. */
  manifest(repository: string, digest: Digest): Promise<Uint8Array>
  blob(repository: string, digest: Digest, size: number): Promise<Uint8Array>
  has(repository: string, digest: Digest): Promise<boolean>
  /** `from`: a repository of the same place that has it; where the place can, it takes it from there. */
  putBlob(repository: string, digest: Digest, bytes: Uint8Array, from?: string): Promise<void>
  /** Its blobs are there already. With a tag, the tag stands for it from now on. */
  putManifest(repository: string, bytes: Uint8Array, tag?: string): Promise<Descriptor>
  /** Artifacts about another one. */
  referrers(repository: string, subject: Digest, artifactType?: string): Promise<readonly Descriptor[]>
  /** Takes away a tag, or a manifest with all its tags; false when it was not there. */
  remove(repository: string, reference: string): Promise<boolean>
}

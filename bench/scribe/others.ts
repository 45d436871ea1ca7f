/** What is measured beside the experts of integers alone: the place of a net over bytes. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Opened } from "./open.ts"

/**
 * A scribe of at most so many bytes, of tables and weights together, whose net learnt `seen`; it has itself read nothing. The
 * net must be learnt from `seen` alone, and with nothing chosen on what comes after.
 */
export type OpenWithNet = (seen: Uint8Array, bytesMax: number, engine: Engine) => Opened

/** Undefined as long as no net is part of a scribe: its figures stay empty. */
export const others: { readonly withNet: OpenWithNet | undefined } = { withNet: undefined }

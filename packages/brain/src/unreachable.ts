import { messageOf } from "@open-brains/core/base/problem.ts"
import { shorten } from "./layout.ts"

export const CUT = "cut the connection"
const KNOWN: Readonly<Record<string, string>> = {
  ENOTFOUND: "cannot be found: no such host, or no network",
  EAI_AGAIN: "cannot be found: no network, or no name server",
  ECONNREFUSED: "refuses the connection: nobody listens there",
  ECONNRESET: CUT,
  UND_ERR_SOCKET: CUT,
  ENETUNREACH: "cannot be reached: no network",
  EHOSTUNREACH: "cannot be reached",
}

/** Why a host did not answer a `fetch`. Node hides it in a cause: “fetch failed” tells nobody anything. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined
  return KNOWN[code ?? ""] ?? `cannot be reached (${shorten(code ?? messageOf(cause ?? error), 120)})`
}

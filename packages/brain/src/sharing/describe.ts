import type { Card } from "@open-brains/core/commons/card.ts"
import { counted, inBytes, shorten, wrap } from "../layout.ts"
import type { Services } from "../services.ts"

const LABEL = 9
/** Lines of a name and a value each, in two columns. */
export const rowsWith =
  ({ print, paint }: Services) =>
  (name: string, value: string): void =>
    print(`  ${paint("dim", name.padEnd(LABEL))} ${wrap(value, LABEL + 3)}`)

/** What a module says of itself, for somebody who is about to take it: strangers wrote it. */
export function describeCard(card: Card, files: number, row: (name: string, value: string) => void): void {
  row("kind", card.kind)
  row("licence", shorten(card.licence, 80))
  row("size", `${inBytes(card.bytes)} in ${counted(files, "file")}`)
  if (card.operations !== undefined) row("costs", `at most ${inWords(card.operations)} an answer`)
  const ports = (list: Card["takes"]): string =>
    list.map(({ name, type }) => `${shorten(name, 40)}: ${shorten(type, 160)}`).join("; ")
  if (card.takes.length > 0) row("takes", ports(card.takes))
  if (card.gives.length > 0) row("gives", ports(card.gives))
  if (card.benchmarks.length > 0) row("lives by", shorten(card.benchmarks.join(", "), 200))
}

const inWords = (operations: number): string =>
  operations < 1e4
    ? counted(operations, "multiply-add")
    : `${operations < 1e6 ? `${Math.round(operations / 1e3)} thousand` : `${(operations / 1e6).toFixed(1)} million`} multiply-adds`

export const shortDigest = (digest: string): string => `${digest.slice(0, "sha256:".length + 12)}…`
/** What passes on standard error while bytes go over. */
export const sayingBytes =
  ({ progress }: Services, doing: string) =>
  ({ sent, kept }: { readonly sent: number; readonly kept: number }, total: number): void =>
    progress(`${doing}: ${inBytes(sent + kept)} of ${inBytes(total)}`)

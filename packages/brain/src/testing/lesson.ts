import { join } from "node:path"
import type { PlacedExample } from "../data/split.ts"
import { type Lesson, teachModule } from "../teach.ts"

/** Twelve messages of two kinds and three that fit neither, each in its split. */
export const MESSAGES: readonly PlacedExample[] = [
  ...["where is my parcel", "has my parcel been sent", "parcel lost in the post", "no parcel came today"].map(
    (text) => ({ text, label: "parcel", split: "train" as const }),
  ),
  ...["I want my money back", "refund me please", "when is the refund paid", "send the money back"].map((text) => ({
    text,
    label: "refund",
    split: "train" as const,
  })),
  ...["tell me a joke", "what a lovely day"].map((text) => ({ text, label: undefined, split: "train" as const })),
  { text: "my parcel is late", label: "parcel", split: "validation" },
  { text: "money back please", label: "refund", split: "validation" },
  { text: "the parcel is gone", label: "parcel", split: "test" },
  { text: "where is the refund", label: "refund", split: "test" },
  { text: "sing a song", label: undefined, split: "test" },
]
export const CSV = `text,label,split\n${MESSAGES.map(({ text, label, split }) => `${text},${label ?? ""},${split}`).join("\n")}\n`

/** A whole module in `folder`/desk, small enough to be taught in a moment. */
export const teachDesk = (folder: string, name = "desk"): Promise<Lesson> =>
  teachModule({
    examples: MESSAGES,
    into: join(folder, name),
    name,
    licence: "CC0-1.0",
    recipe: { epochs: 8, buckets: 256, dims: 8 },
  })

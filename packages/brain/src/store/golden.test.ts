import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { afterEach, expect, test, vi } from "vitest"
import { brain, temporary } from "../testing/command.ts"
import { artifactOf } from "./artifact.ts"

/** A graph as a file has it, written down: nothing of it is made by the code that is tested. */
const GRAPH = `{"nodes":[
{"attributes":{"dtype":"u8","name":"text","shape":[1,8]},"inputs":[],"operation":"input"},
{"attributes":{"dtype":"i8"},"inputs":[0],"operation":"convert"},
{"attributes":{"dtype":"i8","name":"linear","shape":[8,2]},"inputs":[],"operation":"weight"},
{"attributes":{"transposeLeft":false,"transposeRight":false},"inputs":[1,2],"operation":"matmul"},
{"attributes":{},"inputs":[3],"operation":"argmax"}
],"operations":1,"outputs":{"label":4,"logits":3},"programs":[]}
`
const WEIGHTS = `\x40${"\0".repeat(7)}{"linear":{"dtype":"I8","shape":[8,2],"data_offsets":[0,16]}}   ${"\x01".repeat(16)}` // as safetensors has it
const NET = `net tiny {
  about "A net that is written down"
  licence "CC0-1.0"
  takes text: text up to 8 bytes
  gives label: label {
    no
    yes
  }
  unsure below 1 bits
  built {
    operations 1
    seed 1
    data "examples.jsonl" ${digest("")}
  }
  part "graph.json" ${digest(GRAPH)}
  part "weights.safetensors" ${digest(WEIGHTS)}
}
`
const CODE = `code loud {
  about "Whether somebody shouts"
  licence "CC0-1.0"
  takes message: text up to 99 bytes
  gives loud: label { yes no }
  runs "loud.js" as javascript
  limits { latency 50 ms memory 4 MB }
}
`
afterEach(() => vi.unstubAllEnvs())
const FOLDERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  net: { "module.brain": NET, "graph.json": GRAPH, "weights.safetensors": WEIGHTS },
  code: { "module.brain": CODE, "loud.js": "function answer(message) { return 'no' }\n" },
  labels: {
    "module.brain": CODE.replace("{ yes no }", `{ ${Array.from({ length: 20 }, (_, i) => `l${i}`).join(" ")} }`),
    "loud.js": "function answer(message) { return 'l0' }\n",
  },
  dataset: {
    "module.brain": `dataset shop {
  about "Messages to a shop"
  licence "CC0-1.0"
  attribution "A. Person 2024"
  file "messages.csv" {
    bytes 13
    digest ${digest("text,label\nx,")}
    url "https://example.org/messages.csv"
  }
  read "messages.csv" as csv
}
`,
  },
  benchmark: {
    "module.brain": `benchmark shouts {
  about "Who shouts"
  licence "CC0-1.0"
  takes message: text up to 99 bytes
  gives loud: label { yes no }
  data "shouts.csv"
  metric accuracy
  bound at least 0.5
}
`,
    "shouts.csv": "message,expected\nHELLO,yes\nhello,no\n",
  },
  brain: {
    "module.brain": `brain twice {
  about "Whether somebody shouts, or a net says so"
  licence "CC0-1.0"
  takes message: text up to 8 bytes
  gives loud: label { yes no }
  use net from "./net"
  use shouts from "acme/loud"
  loud is first good {
    net of message
    shouts of message
  }
}
`,
    "net/module.brain": NET,
    "net/graph.json": GRAPH,
    "net/weights.safetensors": WEIGHTS,
  },
}
/** What each is known by, for ever: locks and signatures of people name these. Change the code, not the digests. */
const DIGESTS: Readonly<Record<string, string>> = {
  net: "sha256:111eaaf5d20b03e8340793ed4ce0a5238041a0969dc8ca192a8be23a45a3795b",
  code: "sha256:d9c0369d955a8643278e604d7d921193f2585b423746c8e9a906c948a0d2ba34",
  labels: "sha256:72748fdad9984d3d20bc15f3a3189c93dc3bc4c60b1bce9161df849df45f0482",
  dataset: "sha256:0fe72291916f591302b8256f84d1a3e2942fd0e85a49b22749e2758f0602be45",
  benchmark: "sha256:d156c0cc17fe80ed31b0cd4d6754dd9c419f229a47a21dd6597a331121171bb1",
  brain: "sha256:56886bade1d3c3e49921f2970879fa808bf7dee98118940340120a78537d9f95",
}

test("the digest of a module is a function of its files, the same in every version", async () => {
  const folder = temporary()
  vi.stubEnv("BRAIN_STORE", join(folder, "store"))
  vi.stubEnv("XDG_CONFIG_HOME", join(folder, "config"))
  const found: Record<string, string> = {}
  for (const [name, files] of Object.entries(FOLDERS)) {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name, path)), { recursive: true })
      writeFileSync(join(folder, name, path), content)
    }
    if (name === "brain") expect((await brain(["lock", join(folder, name)])).err).toBe("")
    const { artifact } = await artifactOf(join(folder, name))
    found[name] = artifact.digest
    if (name !== "code") continue
    expect((await brain(["key", "new"])).err).toBe("")
    expect((await brain(["push", join(folder, name), "acme/loud"])).err).toBe("")
  }
  expect(found).toEqual(DIGESTS)
})
test("the work of a net is counted in its graph, and not in what a version makes of it", async () => {
  const folder = temporary()
  for (const [path, content] of Object.entries(FOLDERS["net"]!)) writeFileSync(join(folder, path), content)
  const { card } = await artifactOf(folder)
  // 8 numbers converted, 8 × 2 multiply-adds, and 2 compared.
  expect(new TextDecoder().decode(card)).toContain('"operations":26,')
})

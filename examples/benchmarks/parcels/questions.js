// The question of a seed and an index: a sentence with its blanks filled, sometimes misspelt. No clock and no chance:
// whoever asks for it again gets the same one.
const KINDS = {
  parcel_status: [
    "where is my {thing}",
    "has my {thing} been sent{when}",
    "my {thing} should have come {day}",
    "when will the {thing} arrive{polite}",
    "tracking of {number} has not moved since {day}",
    "is the {thing} on its way{polite}",
  ],
  refund_status: [
    "when do I get my money back for the {thing}",
    "the refund for {number} is not there yet",
    "you said my refund would come {day}",
    "how long does the refund take{polite}",
    "still no refund for the {thing} that I sent back",
  ],
  cancel_order: [
    "please cancel order {number}",
    "I want to cancel the {thing}{when}",
    "can I still cancel what I ordered {day}",
    "cancel the {thing} before it is sent{polite}",
  ],
  change_address: [
    "send {number} to another address{polite}",
    "I moved {day}, can you change the address of my {thing}",
    "wrong street on order {number}, please change it",
    "new delivery address for the {thing}{polite}",
  ],
}
const NONE = [
  "what a lovely {day}",
  "tell me a joke about a {thing}",
  "who won the match {day}",
  "sing me a song{polite}",
]
const BLANKS = {
  thing: ["parcel", "package", "order", "box", "lamp", "pair of shoes", "coffee grinder", "book", "jacket", "kettle"],
  day: ["yesterday", "on Monday", "last week", "on Friday", "two days ago", "this morning"],
  when: ["", "", " already", " today", " by now"],
  polite: ["", "", ", please", "?", ", thanks"],
}

// Source: Wang Yi 2019, wyhash's mixing in 32 bits; no more than spreading is asked of it.
function drawsOf(seed, index) {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function answer(seed, index) {
  const draw = drawsOf(seed, index)
  const kinds = Object.keys(KINDS)
  const kind = draw(10) === 0 ? null : kinds[draw(kinds.length)]
  const sentences = kind === null ? NONE : KINDS[kind]
  let input = sentences[draw(sentences.length)].replace(/\{(\w+)\}/g, (_, blank) =>
    blank === "number" ? `${10000 + draw(90000)}` : BLANKS[blank][draw(BLANKS[blank].length)],
  )
  if (draw(4) === 0) {
    const at = 1 + draw(input.length - 2)
    input = input.slice(0, at) + input.slice(at + 1) // a letter was missed
  }
  return { input, expected: kind }
}

import { AVR_BOARDS } from "../avr.ts"
import { openConversation } from "../conversation.ts"
import { readFirmware } from "../firmware.ts"
import { openVirtualBoard } from "../virtual.ts"

/** The lines that a board says to lines that come over its serial port. */
export function saidOn(name: keyof typeof AVR_BOARDS, file: Uint8Array, texts: readonly string[]): readonly string[] {
  const board = AVR_BOARDS[name]
  const open = openVirtualBoard(board, readFirmware(file, "x.hex", board))
  const talk = openConversation(open, { isToSilence: true })
  talk.say(new TextEncoder().encode(texts.map((text) => `${text}\n`).join("")))
  talk.hangUp()
  for (let seconds = 0; seconds < 60 && !talk.isOver(); seconds++) talk.run(board.clockHz)
  return new TextDecoder().decode(open.output()).trimEnd().split(/\r?\n/)
}

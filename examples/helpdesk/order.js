/** The number of an order as the shop writes it, TP-53921; customers leave out the letters. Gives nothing when there is none. */
function answer(message) {
  const found = /(?<![\w-])(?:tp-?|#)?(\d{5})(?!\w)/i.exec(message)
  return found ? `TP-${found[1]}` : undefined
}

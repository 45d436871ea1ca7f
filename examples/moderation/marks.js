/** What can be seen without understanding a word. */
function answer(message) {
  if (/https?:\/\/|www\.|\b[a-z0-9-]+\.(?:com|net|org|shop|example)\b/i.test(message)) return "a link"
  const letters = message.replace(/[^\p{L}]/gu, "")
  const capitals = letters.replace(/[^\p{Lu}]/gu, "")
  return letters.length >= 12 && capitals.length > letters.length / 2 ? "shouting" : "no marks"
}

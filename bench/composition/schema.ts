/** The large brain's content as a JSON schema: what a peer checks of it. */
export async function largeSchema(): Promise<(data: unknown) => void> {
  const { Ajv } = await import("ajv")
  const text = { type: "string" }
  const texts = { type: "array", items: text }
  const ports = { type: "object", additionalProperties: text }
  const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
    type: "object",
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  })
  const list = (items: object) => ({ type: "array", items })
  const brain = object({
    brain: text,
    about: text,
    licence: text,
    takes: ports,
    gives: ports,
    parameters: ports,
    uses: list(object({ name: text, from: text, with: ports }, ["with"])),
    calls: list(object({ name: text, part: text, inputs: texts })),
    values: list(object({ name: text, route: text, when: list(object({ labels: texts, say: text })) })),
    result: object({ name: text, of: texts }),
  })
  const validate = new Ajv().compile(
    object({
      files: list(object({ path: text, include: text, brains: list(brain) }, ["include"])),
      nodes: { type: "number" },
    }),
  )
  return (data) => {
    if (!validate(data))
      throw new Error(`the large brain is not what its schema says: ${JSON.stringify(validate.errors?.[0])}`)
  }
}

/**
 * Runs within the sandbox before anybody's code, and keeps what it needs of the language's own functions, so that nothing that the
 * code changes can change what is read of its answers. An answer is text: `=` and JSON, `!` and what failed, `#` when memory ran out.
 * Vectors and bytes go in and out as buffers, in the order in which they stand in the types. What it makes has no prototype, so no
 * `toJSON` is found. It takes away what would make answers differ from run to run.
 */
export const BRIDGE = `(function () {
  "use strict"
  const { parse, stringify } = JSON, { apply, getPrototypeOf } = Reflect, { create, getOwnPropertyDescriptor } = Object
  const { isArray } = Array, { isView } = ArrayBuffer, { slice } = String.prototype
  const F32 = Float32Array, U8 = Uint8Array, text = String, isOutOfMemory = InternalError.prototype
  const typed = getPrototypeOf(F32.prototype)
  const getter = (name) => getOwnPropertyDescriptor(typed, name).get
  const tag = getter(Symbol.toStringTag), lengthOf = getter("length"), bufferOf = getter("buffer")
  const copied = typed.set
  const gone = (name, why) => {
    const thrower = function () { throw new Error(name + " is not here: " + why) }
    return thrower
  }
  const clock = "the same input must give the same answer, whatever the time"
  const date = gone("Date", clock)
  for (const name of ["now", "parse", "UTC"]) date[name] = gone("Date." + name, clock)
  globalThis.Date = date
  Math.random = gone("Math.random", "the same input must give the same answer")
  for (const name of ["SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry", "performance"]) delete globalThis[name]

  let outs, next
  const wrong = (what, wanted) => { throw { wrong: what + " where " + wanted + " is wanted" } }
  const kind = (v) => v === null ? "null" : isArray(v) ? "a list" : typeof v === "object" ? "an object" : typeof v
  const decode = (type, node, buffers) => {
    if (type.type === "vector") return new F32(buffers[next++])
    if (type.type === "bytes") return new U8(buffers[next++])
    if (type.type !== "record") return node
    const { fields } = type
    for (let i = 0; i < fields.length; i++) node[fields[i].name] = decode(fields[i].type, node[fields[i].name], buffers)
    return node
  }
  const encode = (type, v) => {
    switch (type.type) {
      case "text":
        if (typeof v !== "string") wrong(kind(v), "a text")
        if (v.length > type.bytesMax) wrong("a text of " + v.length + " characters", "text up to " + type.bytesMax + " bytes")
        return v
      case "label":
        if (v !== null && typeof v !== "string") wrong(kind(v), "a label or null")
        if (v !== null && v.length > 256) wrong("a text of " + v.length + " characters", "a label")
        return v
      case "number":
        if (typeof v !== "number") wrong(kind(v), "a number")
        if (v - v !== 0) wrong(text(v), "a number")
        return v
      case "vector": {
        if (!(isView(v) && apply(tag, v, []) === "Float32Array")) wrong(kind(v), "a Float32Array")
        if (apply(lengthOf, v, []) !== type.length) wrong(apply(lengthOf, v, []) + " numbers", type.length + " numbers")
        const copy = new F32(type.length)
        apply(copied, copy, [v])
        outs[outs.count++] = apply(bufferOf, copy, [])
        return null
      }
      case "bytes": {
        if (!(isView(v) && apply(tag, v, []) === "Uint8Array")) wrong(kind(v), "a Uint8Array")
        const length = apply(lengthOf, v, [])
        if (length > type.bytesMax) wrong(length + " bytes", "bytes up to " + type.bytesMax)
        const copy = new U8(length)
        apply(copied, copy, [v])
        outs[outs.count++] = apply(bufferOf, copy, [])
        return null
      }
      case "record": {
        if (typeof v !== "object" || v === null || isArray(v)) wrong(kind(v), "an object")
        const made = create(null)
        const { fields } = type
        for (let i = 0; i < fields.length; i++) made[fields[i].name] = encode(fields[i].type, v[fields[i].name])
        return made
      }
      default:
        return wrong("one value", "a " + type.type)
    }
  }
  const tell = (error) => {
    const told = create(null)
    if (typeof error === "object" && error !== null) {
      const { wrong, name, message, stack } = error
      if (typeof wrong === "string") told.wrong = apply(slice, wrong, [0, 300])
      if (typeof name === "string") told.name = apply(slice, name, [0, 40])
      if (typeof message === "string") told.message = apply(slice, message, [0, 300])
      if (typeof stack === "string") told.stack = apply(slice, stack, [0, 2000])
    } else if (typeof error === "string") told.message = apply(slice, error, [0, 300])
    else told.message = typeof error === "symbol" ? "a symbol" : apply(slice, text(error), [0, 300])
    return stringify(told)
  }
  const failed = (error) => {
    try {
      if (error === null) return "#null"
      if (typeof error === "object" && getPrototypeOf(error) === isOutOfMemory && error.message === "out of memory")
        return "#"
      return "!" + tell(error)
    } catch (worse) {
      return '!{"message":"what it threw cannot be told"}'
    }
  }
  return {
    ask(types, answer, inputs, ...buffers) {
      try {
        outs = create(null)
        outs.count = 0
        next = 0
        const { takes, gives } = types
        const nodes = parse(inputs)
        for (let i = 0; i < takes.length; i++) nodes[i] = decode(takes[i].type, nodes[i], buffers)
        const given = apply(answer, undefined, nodes)
        const made = create(null)
        if (gives.length === 1) made[0] = encode(gives[0].type, given)
        else {
          if (typeof given !== "object" || given === null || isArray(given)) wrong(kind(given), "an object with each output by its name")
          for (let i = 0; i < gives.length; i++) made[i] = encode(gives[i].type, given[gives[i].name])
        }
        return "=" + stringify(made)
      } catch (error) {
        return failed(error)
      }
    },
    types: parse,
    buffer: (i) => outs[i],
    failed,
  }
})()`

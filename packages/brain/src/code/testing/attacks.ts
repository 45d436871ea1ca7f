/** It did not end in its time. */
export const LATE = /^it took (?:more than 30 ticks of work|longer than 60 ms)/
const FULL = /memory|too long|invalid (?:array|typed array)/
/** Many small things take time to make. */
const FULL_OR_LATE = /memory|^it took/
const FAILED = /^it failed: /
const WRONG = /where a text is wanted$/

/** What a stranger's code may try, as the body of a function, and the reason that it is nothing. */
export const ATTACKS: Readonly<Record<string, readonly [attack: string, reason: RegExp]>> = {
  "an endless loop": ["for (;;);", LATE],
  "an endless loop that catches": ["for (;;) try { for (;;); } catch {} finally { for (;;); }", LATE],
  "endless calls": ["const f = () => {}; for (;;) f.call()", LATE],
  "a getter without end": ["return { get a() { for (;;); } }.a", LATE],
  "a toString without end": ["return '' + { toString() { for (;;); } }", LATE],
  "a Symbol.toPrimitive without end": ["return 1 + { [Symbol.toPrimitive]() { for (;;); } }", LATE],
  "a Proxy without end": ["return new Proxy({}, { get() { for (;;); } }).x", LATE],
  "a regular expression that tracks back": ["return '' + /(a+)+$/.test('a'.repeat(60) + 'b')", LATE],
  "a function of the language without end": ["Array.prototype.slice.call({ length: 2 ** 40 }, 0, 2 ** 32 - 1)", LATE],
  "a sort without end": ["[...Array(1e4).keys()].sort(() => { for (;;); })", LATE],
  "a generator without end": ["[...(function* () { for (;;) yield 1 })()]", FULL_OR_LATE],
  "thrown, with a message without end": ["throw { get message() { for (;;); } }", LATE],
  "a job without end": ["Promise.resolve().then(() => { for (;;); }); return 7", WRONG],
  "an async function": ["return (async () => 'x')()", WRONG],
  "a thenable": ["return { then(f) { f('x') } }", WRONG],
  "one text": ["let s = 'x'; for (;;) s += s", FULL],
  "many texts": ["const a = []; for (let i = 0; ; i++) a.push('x'.repeat(1000) + i)", FULL_OR_LATE],
  "a list": ["return '' + new Array(2 ** 31).fill(1)", FULL],
  "a long list": ["const a = []; for (;;) a.push(1)", FULL_OR_LATE],
  "a typed array": ["return '' + new Float64Array(2 ** 28)", FULL],
  "typed arrays": ["const a = []; for (;;) a.push(new Uint8Array(2 ** 16))", FULL],
  "a growing buffer": [
    "return '' + new ArrayBuffer(1, { maxByteLength: 2 ** 31 }).resize(2 ** 31)",
    /memory|RangeError|TypeError/,
  ],
  "many objects": ["let o = {}; for (;;) o = { o, p: {} }", FULL_OR_LATE],
  "a map": ["const m = new Map(); for (let i = 0; ; i++) m.set(i, {})", FULL_OR_LATE],
  "a great integer": ["return '' + 3n ** 10000000n", /memory|BigInt|longer/],
  "memory that it catches": ["const a = []; for (;;) try { for (;;) a.push(new Uint8Array(2 ** 16)) } catch {}", LATE],
  "deep recursion": ["const f = (n) => f(n + 1) + 1; return '' + f(0)", /stack overflow/],
  "deep recursion of the language": [
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a)",
    /stack|memory|^it took/,
  ],
  "a deep text of JSON": ["return '' + JSON.parse('['.repeat(1e5))", /stack|SyntaxError/],
  "a deep regular expression": ["return '' + new RegExp('('.repeat(1e5))", /stack|SyntaxError/],
  "a deep program": ["return eval('('.repeat(1e5))", /stack|SyntaxError/],
  "a long answer": ["return 'x'.repeat(1e6)", /a text of 1000000 characters where text up to 1500 bytes/],
  "an answer over its limit": ["return 'x'.repeat(1400)", /^its answer of 1400 bytes is longer than the 1000/],
  process: ["return process.version", /process/],
  "process of the world": ["return globalThis.process.version", FAILED],
  require: ["return require('fs').readdirSync('/').join()", /require/],
  "a dynamic import": ["return import('fs')", WRONG],
  "import.meta": ["return eval('import.meta.url')", FAILED],
  "a way out by a constructor": ["return [].constructor.constructor('return this')().process.version", FAILED],
  "a way out by its inputs": ["return arguments[0].constructor.constructor('return process')().version", /process/],
  "a way out by an error": [
    "try { null.x } catch (e) { return e.constructor.constructor('return process')().version }",
    /process/,
  ],
  "a way out by the bridge": [
    "return (new Error).stack.includes('bridge') ? answer.caller.constructor('return process')() : 7",
    /./,
  ],
  "Atomics.wait": ["Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", FAILED],
  SharedArrayBuffer: ["return '' + new SharedArrayBuffer(4)", /SharedArrayBuffer/],
  WebAssembly: ["return '' + new WebAssembly.Module(new Uint8Array(8))", /WebAssembly/],
  fetch: ["return fetch('http://127.0.0.1/')", /fetch/],
  "a prototype that answers for all": [
    "Object.prototype.toJSON = () => 'x'; Object.prototype.nothing = 'n'; Array.prototype.next = 9; Array.prototype.toJSON = 1; return {}",
    WRONG,
  ],
  "__proto__ in what it gives": ['return JSON.parse(\'{"__proto__": {"nothing": "x"}}\')', WRONG],
  "functions of the language that are not what they were": [
    `Function.prototype.call = Function.prototype.apply = Reflect.apply = JSON.stringify = JSON.parse = () => "forged"
     String = undefined; Object.prototype.slice = Array.prototype[Symbol.iterator] = undefined; return 7`,
    WRONG,
  ],
  "a toJSON": ["return { toJSON() { return 'x' } }", WRONG],
  "a text object": ["return new String('x')", WRONG],
  "a cycle": ["const o = {}; o.o = o; return o", WRONG],
  "a function": ["return answer", WRONG],
  "a revoked Proxy": ["const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy", /./],
  "throws undefined": ["throw undefined", /it failed: undefined/],
  "throws null": ["throw null", /^it threw null/],
  "throws a symbol": ["throw Symbol('x')", /it failed: a symbol/],
  "throws a function": ["throw () => 1", FAILED],
  "throws a Proxy": ["throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })", FAILED],
  "throws what says that memory ran out": ["throw new InternalError('out of memory')", /memory/],
  "throws a long message": ["throw new Error('x'.repeat(1e6))", /^it failed: Error: x{290,300}(?: \(rules.js:\d+\))?$/],
  "throws an error with a forged place": [
    "const e = new Error('x'); e.stack = 'code.js:99999999999:1'; throw e",
    FAILED,
  ],
}

/*
 * A plugin of QEMU that models the cycles of a Cortex-M: -plugin cycles.so,model=m0|m0p|m4,function=ADDRESS,...
 * Between `mov r10, r10` and `mov r11, r11` it counts, and then stderr gets a line
 *   mark 1 cycles C instructions I
 * and after each call of a function that was named, with the cycles of what it called, where N counts those named from 0
 *   function N cycles C
 * The cycles are modelled, not measured: the tables below with memory that never waits (an nRF51 at 16 MHz and code that
 * hits the cache elsewhere), a multiplier of one cycle, and branches that refill the pipeline in the usual time.
 * Sources: ARM DDI 0432C table 3-1 (M0), DDI 0484C table 3-1 (M0+), DDI 0439B table 3-1 (M4).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of QEMU's qemu-plugin.h, version 1, that is used here: distributions do not ship it. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), int, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum model { M0, M0P, M4, MODELS };
static const char *const MODEL_NAMES[MODELS] = {"m0", "m0p", "m4"};

/* What an instruction costs: `cycles`, one more for each register of its list (N), and `taken` when it goes elsewhere. */
enum kind { PLAIN, SINGLE /* a load or store of one register */, STORE_AT_ONCE /* one that the M4 hides */, LIST };
struct cost {
  uint32_t mask, bits;
  enum kind kind;
  uint32_t registers; /* the bits of a list */
  uint8_t cycles[MODELS], taken[MODELS];
};

/* The first row that fits holds; what fits none costs one cycle, and a jump by it as much as by a branch. */
static const struct cost NARROW[] = {
    {0xf800, 0x4800, SINGLE, 0, {2, 2, 2}, {0}},                 /* LDR, from the literals */
    {0xf000, 0x5000, SINGLE, 0, {2, 2, 2}, {0}},                 /* the other loads and stores by register */
    {0xe800, 0x6000, STORE_AT_ONCE, 0, {2, 2, 1}, {0}},          /* STR and STRB, by immediate */
    {0xe000, 0x6000, SINGLE, 0, {2, 2, 2}, {0}},                 /* LDR and LDRB, by immediate */
    {0xf800, 0x8000, STORE_AT_ONCE, 0, {2, 2, 1}, {0}},          /* STRH */
    {0xf800, 0x8800, SINGLE, 0, {2, 2, 2}, {0}},                 /* LDRH */
    {0xf800, 0x9000, STORE_AT_ONCE, 0, {2, 2, 1}, {0}},          /* STR, on the stack */
    {0xf800, 0x9800, SINGLE, 0, {2, 2, 2}, {0}},                 /* LDR, from the stack */
    {0xfe00, 0xb400, LIST, 0x1ff, {1, 1, 1}, {0}},               /* PUSH */
    {0xff00, 0xbd00, LIST, 0x1ff, {4, 3, 1}, {0, 0, 2}},         /* POP with PC, which is one of the list */
    {0xfe00, 0xbc00, LIST, 0x0ff, {1, 1, 1}, {0}},               /* POP */
    {0xf000, 0xc000, LIST, 0x0ff, {1, 1, 1}, {0}},               /* LDM, STM */
    {0xff80, 0x4780, PLAIN, 0, {3, 2, 1}, {0, 0, 2}},            /* BLX */
    {0xff80, 0x4700, PLAIN, 0, {3, 2, 1}, {0, 0, 2}},            /* BX */
};
static const struct cost WIDE[] = {
    {0xf800d000, 0xf000d000, PLAIN, 0, {4, 3, 1}, {0, 0, 2}},    /* BL */
    {0xffe0f000, 0xf3e08000, PLAIN, 0, {4, 3, 2}, {0}},          /* MRS */
    {0xffe0d000, 0xf3808000, PLAIN, 0, {4, 3, 2}, {0}},          /* MSR */
    {0xfff0d000, 0xf3b08000, PLAIN, 0, {4, 3, 4}, {0}},          /* DMB, DSB, ISB */
    {0xfff0ffe0, 0xe8d0f000, PLAIN, 0, {0, 0, 2}, {0, 0, 2}},    /* TBB, TBH */
    {0xfe400000, 0xe8000000, LIST, 0xffff, {0, 0, 1}, {0, 0, 2}}, /* LDM, STM, PUSH, POP */
    {0xfe400000, 0xe8400000, PLAIN, 0, {0, 0, 3}, {0, 0, 2}},    /* LDRD, STRD: 1 + N */
    {0xff900000, 0xf8800000, STORE_AT_ONCE, 0, {0, 0, 1}, {0}},  /* STR, by immediate */
    {0xfe000000, 0xf8000000, SINGLE, 0, {0, 0, 2}, {0, 0, 2}},   /* the other loads and stores */
    {0xffd0f0f0, 0xfb90f0f0, PLAIN, 0, {0, 0, 7}, {0}},          /* SDIV, UDIV: 2 to 12, by the numbers */
};
static const struct cost USUAL = {0, 0, PLAIN, 0, {1, 1, 1}, {2, 1, 2}};

/* One instruction as it was translated. */
struct known {
  uint64_t address, next;
  uint32_t cycles, taken;
  int function; /* that begins here, of those named; or -1 */
  bool starts, ends, calls;
};
static enum model model;
static uint64_t cycles, instructions, cycles_at_start, instructions_at_start;
static const struct known *before;

enum { FUNCTIONS_MAX = 1024, FRAMES_MAX = 64 };
static uint64_t functions[FUNCTIONS_MAX];
static int function_count;
/* Calls that have not come back; a jump to a named function, as its caller's last deed, is one with its caller's way back. */
static struct frame { uint64_t back, start; int function; } frames[FRAMES_MAX];
static int depth;

static void leave_to(int kept) {
  for (; depth > kept; --depth) {
    const struct frame *left = &frames[depth - 1];
    if (left->function >= 0)
      fprintf(stderr, "function %d cycles %llu\n", left->function, (unsigned long long)(cycles - left->start));
  }
}
static void enter(uint64_t back, int function) {
  if (depth == FRAMES_MAX) return;
  frames[depth++] = (struct frame){back, cycles, function};
}
/* Where the program did not go on with the next instruction. */
static void jumped(const struct known *from, const struct known *to) {
  for (int i = 0; i < depth; ++i)
    if (frames[i].back == to->address) return leave_to(i);
  if (from->calls) {
    /* For a far jump within a function the M0 may call, and never comes back. */
    for (int i = 0; i < depth; ++i)
      if (frames[i].back == from->next) leave_to(i);
    enter(from->next, to->function);
  } else if (to->function >= 0 && depth > 0 && frames[depth - 1].function != to->function)
    enter(frames[depth - 1].back, to->function);
}

static void executed(unsigned cpu, void *data) {
  (void)cpu;
  const struct known *now = data;
  if (before && before->next != now->address) {
    cycles += before->taken;
    if (function_count > 0) jumped(before, now);
  }
  before = now;
  if (now->ends)
    fprintf(stderr, "mark 1 cycles %llu instructions %llu\n", (unsigned long long)(cycles - cycles_at_start),
            (unsigned long long)(instructions - instructions_at_start));
  if (now->starts) {
    cycles_at_start = cycles;
    instructions_at_start = instructions;
    return;
  }
  cycles += now->cycles;
  ++instructions;
}

static const struct cost *cost_of(uint32_t word, size_t size) {
  const struct cost *rows = size == 2 ? NARROW : WIDE;
  const size_t count = size == 2 ? sizeof NARROW / sizeof *NARROW : sizeof WIDE / sizeof *WIDE;
  for (size_t i = 0; i < count; ++i)
    if ((word & rows[i].mask) == rows[i].bits) return &rows[i];
  return &USUAL;
}

static uint16_t half(const uint8_t *bytes) { return (uint16_t)(bytes[0] | bytes[1] << 8); }

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  bool after_single = false;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    const uint8_t *bytes = qemu_plugin_insn_data(instruction);
    const uint16_t first = half(bytes);
    /*
     * QEMU 7.2 adds the next two bytes to an instruction after which a page has only these, for it looks whether what
     * begins there crosses the page: how long an instruction is, its own first half tells (ARM DDI 0403E, A5.1).
     */
    const size_t size = first < 0xe800 ? 2 : 4;
    if (qemu_plugin_insn_size(instruction) < size) abort();
    const uint32_t word = size == 2 ? first : (uint32_t)first << 16 | half(bytes + 2);
    const struct cost *cost = cost_of(word, size);
    struct known *known = calloc(1, sizeof *known);
    if (!known) abort();
    known->address = qemu_plugin_insn_vaddr(instruction);
    known->next = known->address + size;
    known->cycles = cost->cycles[model] + (uint32_t)__builtin_popcount(word & cost->registers);
    known->taken = cost->taken[model];
    /* Neighbouring loads and stores share their phases on the M4. */
    const bool single = cost->kind == SINGLE || cost->kind == STORE_AT_ONCE;
    if (model == M4 && cost->kind == SINGLE && after_single) known->cycles = 1;
    after_single = single;
    known->starts = word == 0x46d2;
    known->ends = word == 0x46db;
    known->calls = size == 2 ? (word & 0xff80) == 0x4780 : (word & 0xf800d000) == 0xf000d000;
    known->function = -1;
    for (int n = 0; n < function_count; ++n)
      if (functions[n] == known->address) known->function = n;
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, executed, QEMU_PLUGIN_CB_NO_REGS, known);
  }
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
                                                               int count, char **words) {
  (void)info;
  for (int i = 0; i < count; ++i) {
    if (!strncmp(words[i], "function=", 9) && function_count < FUNCTIONS_MAX)
      functions[function_count++] = strtoull(words[i] + 9, NULL, 0);
    for (int m = 0; m < MODELS; ++m)
      if (!strncmp(words[i], "model=", 6) && !strcmp(words[i] + 6, MODEL_NAMES[m])) model = (enum model)m;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}

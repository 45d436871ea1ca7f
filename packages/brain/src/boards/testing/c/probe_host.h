/* The bytes of a probe on the machine that compiles it: stdin and stdout. */
#include <stdio.h>
#include <stdlib.h>

#define MARK_START() ((void)0)
#define MARK_END() ((void)0)

static void probe_start(void) {}
static void read_bytes(void *into, size_t count) {
  if (fread(into, 1, count, stdin) != count) exit(2);
}
static void write_bytes(const void *from, size_t count) {
  if (fwrite(from, 1, count, stdout) != count) exit(3);
}
static void stack_paint(void) {}
static void stack_report(void) {}
static int probe_stop(void) { return fflush(stdout) == 0 ? 0 : 3; }

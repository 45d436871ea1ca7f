/* What this machine allows C: multiplications and additions of f32 without contraction, and loads, in vectors of WIDTH
   bytes. Prints one line of JSON: {"gflops": G, "gbs": [G, ...]} for the sizes in bytes that its arguments name. */
#define _POSIX_C_SOURCE 199309L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef float floats __attribute__((vector_size(WIDTH)));
typedef int32_t words __attribute__((vector_size(WIDTH)));
enum { WINDOWS = 40, ROUNDS = 200000, LANES = WIDTH / 4 };
#define EACH(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11)
enum { CHAINS = 12 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Each round is CHAINS times x = x * m + a; the sum is given back, so that none can be left out. */
static __attribute__((noinline)) float peak(int32_t rounds, float factor, float term) {
  floats m = factor - (floats){0}, a = term - (floats){0};
#define START(i) floats x##i = a + (float)i;
#define STEP(i) x##i = x##i * m + a;
#define SUM(i) + x##i
  EACH(START)
  for (int32_t i = 0; i < rounds; i++) {
    EACH(STEP)
  }
  return (a EACH(SUM))[0];
}

static __attribute__((noinline)) int32_t read_all(const words *p, size_t count) {
#define ZERO(i) words y##i = {0};
#define LOAD(i) y##i += p[at + i];
#define TOTAL(i) + y##i
  EACH(ZERO)
  size_t at = 0;
  for (; at + CHAINS <= count; at += CHAINS) {
    EACH(LOAD)
  }
  for (; at < count; at++) y0 += p[at];
  return (y0 EACH(TOTAL))[0];
}

int main(int count, char **arguments) {
  volatile float sink = 0;
  volatile int32_t seen = 0;
  double best = 1e9;
  for (int window = 0; window < WINDOWS; window++) {
    double start = seconds();
    sink += peak(ROUNDS, 0.999f, 0.25f);
    double time = seconds() - start;
    if (time < best) best = time;
  }
  printf("{\"gflops\": %.2f, \"gbs\": [", 2e-9 * LANES * CHAINS * ROUNDS / best);
  for (int i = 1; i < count; i++) {
    size_t bytes = strtoul(arguments[i], NULL, 10), passes = 1 + (1 << 24) / bytes;
    words *memory = aligned_alloc(64, bytes);
    if (!memory) return 1;
    memset(memory, 1, bytes); /* pages that were never written are all the same one, which lies in a cache */
    best = 1e9;
    for (int window = 0; window < WINDOWS; window++) {
      double start = seconds();
      for (size_t pass = 0; pass < passes; pass++) seen += read_all(memory, bytes / WIDTH);
      double time = (seconds() - start) / (double)passes;
      if (time < best) best = time;
    }
    printf("%s%.2f", i > 1 ? ", " : "", 1e-9 * (double)bytes / best);
    free(memory);
  }
  puts("]}");
  return 0;
}

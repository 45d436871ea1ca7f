/* How far each candidate lies from floor(acc * scale + 1/2), saturated: mean and largest error in LSB, and the share that differs.
   Scales are log-uniform from 2^-14 to 2^-4, one per block of 1000 accumulators. The accumulators are uniform over the range that
   does not saturate, or normal with a deviation of a third of it. "15" is an int16 output of which
   the accumulators use half the range (A cannot reach more). Errors are taken before rounding of the reference (best: 0.25, 0.5).
   "own" compares with the candidate's own scale, as an exporter does that chooses the weight scale after the multiplier.
   cc -std=c99 -O2 errors.c -lm -o errors && ./errors */
#include <math.h>
#include <stdio.h>
#include "candidates.h"

static uint64_t state = 1;
static double uniform(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) / 9007199254740992.0;
}
static double normal(void) { return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform()); }

enum { A, A2, A4, A6, B, BR, C, D, D15, E, F, G, COUNT };
static const char *const names[COUNT] = {"A", "A2", "A4", "A6", "B", "BR", "C", "D", "D15", "E", "F", "G"};

/* The multiplier of most bits below 2^bits with scale = m / 2^t; t at most `largest`. */
static int derive(double scale, int bits, int largest, int32_t *m) {
  int t = bits - 1 - (int)floor(log2(scale));
  if (t > largest) t = largest;
  double v = floor(ldexp(scale, t) + 0.5);
  if (v >= ldexp(1, bits)) { t--; v = floor(ldexp(scale, t) + 0.5); }
  *m = (int32_t)v;
  return t;
}

typedef struct { int shift, f; int32_t m; double scale; } parameters;

static parameters choose(int which, double scale, int out) {
  parameters p = {0, 0, 0, 0};
  int t;
  switch (which) {
  case A: case A2: case A4: case A6: {
    const int headroom = which == A ? 0 : which == A2 ? 2 : which == A4 ? 4 : 6;
    t = derive(scale, 15, 60, &p.m);
    p.shift = t - 15 - headroom;
    if (p.shift < 0) p.shift = 0;
    p.m = (int32_t)floor(ldexp(scale, 15 + p.shift) + 0.5);
    t = 15 + p.shift;
    break;
  }
  case B: case BR:
    /* scale * 2^(15+8k) must reach the largest output */
    p.shift = 0;
    while (p.shift < 2 && ldexp(scale, 15 + 8 * p.shift) < ldexp(1, out - 1)) p.shift++;
    t = 16 + 8 * p.shift;
    p.m = (int32_t)floor(ldexp(scale, t) + 0.5);
    if (p.m > 65535) p.m = 65535;
    break;
  case C: {
    const double e = floor(log2(scale)) + 1;
    double v = floor(ldexp(scale, 31 - (int)e) + 0.5);
    if (v > 2147483647.0) v = 2147483647.0;
    p.m = (int32_t)v;
    p.shift = (int)-e;
    t = 31 + p.shift;
    break;
  }
  case D: t = p.shift = derive(scale, 16, 31, &p.m); break;
  case D15: t = p.shift = derive(scale, 15, 31, &p.m); break;
  case E:
    t = p.shift = scale < ldexp(1, -9) - ldexp(1, -25) ? 24 : 17;
    p.m = (int32_t)floor(ldexp(scale, t) + 0.5);
    break;
  case F:
    t = derive(scale, 8, 60, &p.m);
    p.shift = t > 15 ? t - 15 : 0;
    p.f = t > 15 ? 15 : t;
    break;
  default:
    t = p.shift = derive(scale, 8, 24, &p.m) + 7; /* the same function, written for D */
    p.m *= 128;
    break;
  }
  p.scale = ldexp((double)p.m, -t);
  return p;
}

static int32_t apply(int which, int32_t acc, parameters p, int out) {
  int32_t y;
  switch (which) {
  case A: case A2: case A4: case A6: y = requantise_a(acc, (uint8_t)p.shift, (uint16_t)p.m); break;
  case B: y = requantise_b(acc, (uint8_t)p.shift, (uint16_t)p.m); break;
  case BR: y = requantise_br(acc, (uint8_t)p.shift, (uint16_t)p.m); break;
  case C: y = requantise_c(acc, (uint8_t)p.shift, p.m); break;
  case D: case D15: case G: y = requantise_d(acc, (uint8_t)p.shift, (uint16_t)p.m); break;
  case E: y = requantise_e(acc, (uint8_t)p.shift, (uint16_t)p.m); break;
  default: y = requantise_f(acc, (uint8_t)p.shift, (uint8_t)p.m, (uint8_t)p.f); break;
  }
  return out == 8 ? saturate_i8(y) : saturate_i16(y);
}

int main(void) {
  printf("out distribution candidate |  real scale: mean   max  differ %% | own scale: mean   max  differ %%\n");
  for (int out = 8; out <= 16; out += out == 8 ? 7 : 1)
    for (int bell = 0; bell < 2; bell++)
      for (int which = 0; which < COUNT; which++) {
        double sum[2] = {0, 0}, largest[2] = {0, 0};
        long differ[2] = {0, 0}, total = 0;
        const double limit = ldexp(1, out == 8 ? 7 : 15), reach = ldexp(1, out - 1);
        if (out > 8 && (which == B || which == BR || which == F || which == A2 || which == A4 || which == A6)) continue;
        state = 1;
        for (int block = 0; block < 1000; block++) {
          const double scale = pow(2, -14 + 10 * uniform());
          const parameters p = choose(which, scale, out);
          for (int i = 0; i < 1000; i++) {
            double v = bell ? normal() / 3 : 2 * uniform() - 1;
            v = floor(v * reach / scale);
            const int32_t acc = (int32_t)(v > 2147483647.0 ? 2147483647.0 : v < -2147483648.0 ? -2147483648.0 : v);
            const int32_t y = apply(which, acc, p, out);
            total++;
            for (int own = 0; own < 2; own++) {
              double exact = (double)acc * (own ? p.scale : scale);
              if (exact > limit - 1) exact = limit - 1;
              if (exact < -limit) exact = -limit;
              const double error = fabs((double)y - exact);
              sum[own] += error;
              if (error > largest[own]) largest[own] = error;
              if ((double)y != floor(exact + 0.5)) differ[own]++;
            }
          }
        }
        printf("%-3d %-12s %-9s |            %7.4f %8.3f %7.3f    |         %7.4f %8.3f %7.3f\n", out, bell ? "normal" : "uniform", names[which],
               sum[0] / (double)total, largest[0], 100.0 * (double)differ[0] / (double)total,
               sum[1] / (double)total, largest[1], 100.0 * (double)differ[1] / (double)total);
      }
  return 0;
}

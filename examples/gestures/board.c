/* Each line is a stroke: x and y in turns. The digit comes back, with how sure the net is in percent. */
#include "gestures.h"
#include "lines.h"

#define NUMBERS (sizeof gestures_step_points / sizeof gestures_step_points[0])

/* Reads a line into the net's own memory: a board has no room for it twice. */
static uint8_t read_stroke(void) {
  uint16_t n = 0;
  int16_t value = 0;
  uint8_t is_number = 0, is_negative = 0;
  for (;;) {
    const int16_t c = lines_byte();
    if (c >= '0' && c <= '9') {
      value = (int16_t)(value * 10 + (c - '0'));
      is_number = 1;
      continue;
    }
    if (is_number && n < NUMBERS) gestures_step_points[n++] = is_negative ? (int16_t)-value : value;
    is_number = 0;
    value = 0;
    is_negative = c == '-';
    if (c == '\n' || c < 0) {
      gestures_step_count[0] = n / 2;
      return c >= 0 || n > 0;
    }
  }
}

int main(void) {
  lines_begin();
  while (read_stroke()) {
    gestures_step();
    lines_number(gestures_step_label[0]);
    lines_say(" ");
    lines_number((int32_t)(((uint32_t)gestures_step_probability[gestures_step_label[0]] * 100 + 32768) >> 16));
    lines_say(" %\n");
  }
  return 0;
}

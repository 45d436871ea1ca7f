/* Names, one a line, until the board is switched off. */
#include "names.h"
#include "lines.h"

int main(void) {
  lines_begin();
  names_begin_seed[0] = 7;
  names_begin_temperature[0] = 16; /* as learnt; less is surer */
  names_begin();
  for (;;) {
    char letter[2] = {0, 0};
    names_step();
    letter[0] = names_step_character[0] ? (char)(96 + names_step_character[0]) : '\n';
    lines_say(letter);
  }
}

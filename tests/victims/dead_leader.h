// For victims whose leader exits before its threads.

#ifndef PROVOST_TESTS_VICTIMS_DEAD_LEADER_H_
#define PROVOST_TESTS_VICTIMS_DEAD_LEADER_H_

#include "victim.h"

static inline int LeaderIsZombie(void) {
  char path[64];
  char stat[512];
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
  FILE* file = fopen(path, "r");
  EXPECT(file != NULL);
  EXPECT(fgets(stat, sizeof(stat), file) != NULL);
  fclose(file);
  return strstr(stat, ") Z ") != NULL;
}

#endif  // PROVOST_TESTS_VICTIMS_DEAD_LEADER_H_

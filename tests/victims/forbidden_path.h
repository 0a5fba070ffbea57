// access(2) of a path that the policy under test forbids.

#ifndef PROVOST_TESTS_VICTIMS_FORBIDDEN_PATH_H_
#define PROVOST_TESTS_VICTIMS_FORBIDDEN_PATH_H_

#include <stdint.h>
#include <sys/mman.h>

#include "raw_syscall.h"
#include "victim.h"

static const char kForbidden[] = "/secret/file";

static inline long Access(const void* path) {
  return RawSyscall3(SYS_access, (uintptr_t)path, F_OK, 0);
}

// Two pages, of which the second is unmapped or not readable; returns where the first ends.
static inline char* EndOfMapping(int unmapped) {
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(pages != MAP_FAILED);
  if (unmapped) {
    EXPECT_EQ(munmap(pages + 4096, 4096), 0);
  } else {
    EXPECT_EQ(mprotect(pages + 4096, 4096, PROT_NONE), 0);
  }
  return pages + 4096;
}

#endif  // PROVOST_TESTS_VICTIMS_FORBIDDEN_PATH_H_

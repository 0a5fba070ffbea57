// For victims under a policy that refuses ("./r") one file of a directory of their own and allows
// the other ("./a").
#ifndef PROVOST_TESTS_VICTIMS_FLIPPED_FILES_H_
#define PROVOST_TESTS_VICTIMS_FLIPPED_FILES_H_

#include <fcntl.h>
#include <sys/stat.h>

#include "victim.h"

static ino_t refused_file;

static inline void MakeFiles(void) {
  char directory[] = "/tmp/flips_XXXXXX";
  EXPECT(mkdtemp(directory) != NULL);
  EXPECT(chdir(directory) == 0);
  struct stat status;
  EXPECT(close(open("a", O_CREAT | O_WRONLY, 0600)) == 0);
  EXPECT(close(open("r", O_CREAT | O_WRONLY, 0600)) == 0);
  EXPECT(stat("r", &status) == 0);
  refused_file = status.st_ino;
}

static inline void RemoveFiles(void) {
  char directory[4096];
  EXPECT(getcwd(directory, sizeof(directory)) != NULL);
  unlink("a");
  unlink("r");
  rmdir(directory);
}

// 1 if the refused file was opened, 0 if the other, -1 if none (errno).
static inline int OpenOne(const char* path) {
  const int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat status;
  EXPECT(fstat(fd, &status) == 0);
  close(fd);
  return status.st_ino == refused_file;
}

#endif  // PROVOST_TESTS_VICTIMS_FLIPPED_FILES_H_

// While calls are made whose arguments have to be kept for the first time in a process, another
// thread puts a descriptor of memory of its own in the place of every descriptor that appears,
// which says
// "./r" all over. Needs a policy that refuses openat of "./r".
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#include "flipped_files.h"

enum { kSize = 65536, kRounds = 60, kFirst = 3, kLast = 8 };

static int forged;

static void* Forge(void* unused) {
  while (1) {
    for (int fd = kFirst; fd <= kLast; ++fd) {
      if (fcntl(fd, F_GETFD) >= 0) dup2(forged, fd);
    }
  }
  return unused;
}

static int MakeForgery(void) {
  const int fd = memfd_create("forged", 0);
  EXPECT(ftruncate(fd, kSize) == 0);
  char* memory = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  EXPECT(memory != MAP_FAILED);
  for (size_t at = 0; at < kSize; at += 4) memcpy(memory + at, "./r", 4);
  const int high = fcntl(fd, F_DUPFD, 100);
  EXPECT(high >= 100);
  close(fd);
  return high;
}

static int InChild(void) {
  pthread_t thread;
  EXPECT(pthread_create(&thread, NULL, Forge, NULL) == 0);
  int opened = 0;
  for (int i = 0; i < 20; ++i) {
    const int fd = syscall(SYS_openat, AT_FDCWD, "./a", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      EXPECT_EQ(errno, ENOMEM);
      continue;
    }
    // The descriptor may be the forgery's by now; then it says nothing of what was opened.
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_ino == refused_file) _exit(3);
    ++opened;
    close(fd);
  }
  return opened > 0 ? 5 : 6;
}

int main(void) {
  MakeFiles();
  forged = MakeForgery();
  for (int i = 0; i < kRounds; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(InChild());
    int status;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFEXITED(status));
    EXPECT(WEXITSTATUS(status) == 5 || WEXITSTATUS(status) == 6);
  }
  RemoveFiles();
  Succeed();
}

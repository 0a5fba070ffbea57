// access of a path on a page that nobody will ever provide: userfaultfd(2). With argv[1] "held" the
// descriptor is another process's too, so that killing this one does not end the wait. Prints READY
// before; there is no answer that could come after.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "forbidden_path.h"

int main(int argc, char** argv) {
  int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
  EXPECT(fd >= 0);
  struct uffdio_api api = {.api = UFFD_API};
  EXPECT_EQ(ioctl(fd, UFFDIO_API, &api), 0);
  char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(page != MAP_FAILED);
  struct uffdio_register range = {.range = {(uintptr_t)page, 4096},
                                  .mode = UFFDIO_REGISTER_MODE_MISSING};
  EXPECT_EQ(ioctl(fd, UFFDIO_REGISTER, &range), 0);
  if (argc > 1 && strcmp(argv[1], "held") == 0) {
    pid_t holder = fork();
    EXPECT(holder >= 0);
    if (holder == 0) {
      while (1) pause();
    }
  }
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  Fail("access gave %ld", Access(page));
}

// Has a filter of its own that leaves every seccomp(2) to a listener which never answers; prints
// READY, waits until the FIFO argv[1] can be read, and exits with the errno of mkdir.
#include <fcntl.h>
#include <sys/stat.h>

#include "own_filter.h"

static void LeaveSeccomp(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  EXPECT(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                 &program) >= 0);
}

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  LeaveSeccomp();
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  char byte;
  const int fifo = open(argv[1], O_RDONLY);
  EXPECT(fifo >= 0);
  EXPECT_EQ(read(fifo, &byte, 1), 1);
  EXPECT_EQ(mkdir("/nonexistent/directory", 0700), -1);
  _exit(errno);
}

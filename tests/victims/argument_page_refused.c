// Installs a filter that traps (argv[1]: trap) or refuses (errno) socketpair, and opens files, in
// threads that do so all the time, until each has often enough: each time the answer is ENOMEM,
// never a SIGSYS, and the standard input is sent nothing. Needs a policy that looks at the path of
// openat.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "flipped_files.h"

enum { kPeer = 100 };  // of the standard input

static void RefuseSocketpair(unsigned action) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socketpair, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
  EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

enum { kThreads = 8, kOpens = 10 };

static atomic_int ready;

static void* OpenInVain(void* unused) {
  for (int i = 0; atomic_load(&ready) < kThreads; ++i) {
    EXPECT_EQ(OpenOne("/dev/null"), -1);
    EXPECT_EQ(errno, ENOMEM);
    if (i == kOpens) atomic_fetch_add(&ready, 1);
  }
  return unused;
}

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  if (strcmp(argv[1], "again") != 0) {
    int sockets[2];
    EXPECT(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) == 0);
    EXPECT(dup2(sockets[0], 0) == 0 && dup2(sockets[1], kPeer) == kPeer);
    RefuseSocketpair(strcmp(argv[1], "trap") == 0 ? SECCOMP_RET_TRAP
                                                  : SECCOMP_RET_ERRNO | atoi(argv[1]));
    execl("/proc/self/exe", argv[0], "again", NULL);
    Fail("execl: errno %d", errno);
  }
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], NULL, OpenInVain, NULL), 0);
  }
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  char byte;
  EXPECT_EQ(recv(kPeer, &byte, 1, MSG_DONTWAIT), -1);
  Succeed();
}

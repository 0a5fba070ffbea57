// Gives itself, before its first call whose path is looked at, a filter that refuses (EPERM) what
// brings memory in, says 0 for mprotect (argv[1]: lies) and refuses (EACCES) every openat that
// comes from elsewhere than its own code; then it opens files, in a child and in a program that it
// executes, too. Needs a policy that refuses openat of "./r".
#include <stdint.h>
#include <sys/socket.h>

#include "flipped_files.h"
#include "own_filter.h"

extern const char __executable_start;
extern const char etext;

static void FilterByAddress(void) {
  const uint32_t pointer = offsetof(struct seccomp_data, instruction_pointer);
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)((uintptr_t)&etext >> 32), 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(uintptr_t)&__executable_start, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(uintptr_t)&etext, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
  };
  struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
  EXPECT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void OpenMany(void) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(OpenOne("./a"), 0);
    EXPECT_EQ(OpenOne("./r"), -1);
  }
}

static void OpenInChild(void) {
  const pid_t child = fork();
  if (child == 0) {
    OpenMany();
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  if (strcmp(argv[1], "again") == 0) {
    struct stat status;
    EXPECT(stat("r", &status) == 0);
    refused_file = status.st_ino;
    OpenMany();
    OpenInChild();
    RemoveFiles();
    Succeed();
  }
  EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  if (strcmp(argv[1], "lies") == 0) {
    MakeFiles();
    FilterCall(SYS_mprotect, SECCOMP_RET_ERRNO);
    execl("/proc/self/exe", argv[0], "again", NULL);
    Fail("execl: errno %d", errno);
  }
  FilterByAddress();
  FilterCall(462, SECCOMP_RET_ERRNO | EPERM);  // mseal
  FilterCall(SYS_socketpair, SECCOMP_RET_ERRNO | EPERM);
  FilterCall(SYS_recvmsg, SECCOMP_RET_ERRNO | EPERM);
  MakeFiles();
  OpenMany();
  OpenInChild();
  RemoveFiles();
  Succeed();
}

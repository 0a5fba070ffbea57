// Gets another root, or other mounts, in the way that its argument names, and asks for a file by
// access(2) before and after, which is not there before. Arguments: WAY DIRECTORY PATH [NAMESPACE].
//   chroot   to DIRECTORY
//   int80    the same through the i386 entry
//   shared   by a child that shares its root
//   unshare  a mount namespace of its own, with DIRECTORY mounted on DIRECTORY/in
//   setns    enters the mount namespace NAMESPACE
// The working directory is then /in, or DIRECTORY/in.
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "victim.h"

enum { I386_CHROOT = 61 };

static int ByChroot(void* directory) {
  EXPECT_EQ(chroot(directory), 0);
  return 0;
}

static void ByInt80(const char* directory) {
  char* low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  EXPECT(low != MAP_FAILED);
  strncpy(low, directory, 4095);
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "0"(I386_CHROOT), "b"(low)
                   : "r8", "r9", "r10", "r11", "memory");
  EXPECT_EQ(result, 0);
}

static void ByChild(char* directory) {
  static char stack[65536];
  const pid_t child = clone(ByChroot, stack + sizeof(stack), CLONE_FS | SIGCHLD, directory);
  EXPECT(child > 0);
  ExpectExit(child, 0);
}

static void ByUnshare(const char* directory, const char* in) {
  EXPECT_EQ(unshare(CLONE_NEWNS), 0);
  EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
  EXPECT_EQ(mount(directory, in, NULL, MS_BIND, NULL), 0);
}

static void BySetns(const char* namespace) {
  const int fd = open(namespace, O_RDONLY | O_CLOEXEC);
  EXPECT(fd >= 0);
  EXPECT_EQ(setns(fd, CLONE_NEWNS), 0);
}

int main(int argc, char** argv) {
  if (argc < 4) Fail("usage: changes_root WAY DIRECTORY PATH [NAMESPACE]");
  const char* way = argv[1];
  char* directory = argv[2];
  char in[512];
  snprintf(in, sizeof(in), "%s/in", directory);
  EXPECT_EQ(syscall(SYS_access, argv[3], 0), -1);
  if (strcmp(way, "chroot") == 0) ByChroot(directory);
  if (strcmp(way, "int80") == 0) ByInt80(directory);
  if (strcmp(way, "shared") == 0) ByChild(directory);
  if (strcmp(way, "unshare") == 0) ByUnshare(directory, in);
  if (strcmp(way, "setns") == 0) BySetns(argv[4]);
  EXPECT(chdir("/in") == 0 || chdir(in) == 0);
  EXPECT_EQ(syscall(SYS_access, argv[3], 0), 0);
  Succeed();
}

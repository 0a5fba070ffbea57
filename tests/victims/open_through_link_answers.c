// Opening a file called "secret" gives argv[1]: by its name, through links, relative to a
// directory, through /proc. A file called "plain" can be opened, and a link to the secret can be
// looked at.
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

#include "raw_syscall.h"
#include "victim.h"

static long Open(const char* path, int flags) {
  return RawSyscall3(SYS_open, (uintptr_t)path, flags, 0);
}
static long OpenAt(int directory, const char* path) {
  return RawSyscall3(SYS_openat, directory, (uintptr_t)path, O_RDONLY);
}

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  char top[] = "/tmp/open_through_link_XXXXXX";
  EXPECT(mkdtemp(top) != NULL);
  EXPECT_EQ(chdir(top), 0);
  EXPECT_EQ(mkdir("dir", 0700), 0);
  // Calls that no rule of the test is for.
  EXPECT_EQ(mknod("dir/secret", S_IFREG | 0600, 0), 0);
  EXPECT_EQ(mknod("plain", S_IFREG | 0600, 0), 0);
  EXPECT_EQ(symlink("secret", "dir/link"), 0);
  EXPECT_EQ(symlink("dir", "dirlink"), 0);
  int directory = open("dir", O_RDONLY | O_DIRECTORY);
  EXPECT(directory >= 0);
  char magic[64];
  snprintf(magic, sizeof(magic), "/proc/self/fd/%d/link", directory);

  EXPECT_EQ(Open("dir/secret", O_RDONLY), answer);
  EXPECT_EQ(Open("dir/link", O_RDONLY), answer);
  EXPECT_EQ(Open("dirlink/link", O_RDONLY), answer);
  EXPECT_EQ(Open("./dir/../dirlink/./secret", O_RDONLY), answer);
  EXPECT_EQ(OpenAt(directory, "link"), answer);
  EXPECT_EQ(OpenAt(directory, "../dirlink/secret"), answer);
  EXPECT_EQ(Open(magic, O_RDONLY), answer);
  EXPECT(Open("plain", O_RDONLY) >= 0);
  EXPECT(Open("dir/../plain", O_RDONLY) >= 0);
  EXPECT_EQ(Open("dir/link", O_RDONLY | O_NOFOLLOW), -ELOOP);
  struct stat status;
  EXPECT_EQ(lstat("dir/link", &status), 0);

  EXPECT_EQ(unlink("dir/link"), 0);
  EXPECT_EQ(unlink("dirlink"), 0);
  EXPECT_EQ(unlink("dir/secret"), 0);
  EXPECT_EQ(unlink("plain"), 0);
  EXPECT_EQ(rmdir("dir"), 0);
  EXPECT_EQ(rmdir(top), 0);
  Succeed();
}

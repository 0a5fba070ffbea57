// Makes calls of which audit records say much, in the working directory, which should be empty.
// Before each, getppid with its index above kMark says which comes; what they give is nobody's
// concern. Prints a line for each: what it is.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "victim.h"

enum { kMark = 0xcafe0000 };

static char labels[16384];
static size_t labels_size;
static int cases;

// Every register of an argument is set, so that records of it are the same in every run.
static long Call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  return syscall(nr, a, b, c, d, e, 0);
}

static void Mark(const char* label) {
  labels_size += snprintf(labels + labels_size, sizeof(labels) - labels_size, "%s\n", label);
  EXPECT(labels_size < sizeof(labels));
  Call(SYS_getppid, kMark + cases++, 0, 0, 0, 0);
}

#define P(pointer) ((uint64_t)(pointer))
#define CWD ((uint64_t)AT_FDCWD)
#define ONE(label, nr, a, b, c, d, e) (Mark(label), Call(nr, (a), (b), (c), (d), (e)))

static void Opens(void) {
  static struct open_how how = {.flags = O_RDONLY};
  close(ONE("open new O_CREAT", SYS_open, P("new"), O_CREAT | O_WRONLY, 0640, 0, 0));
  close(ONE("open O_CREAT existing", SYS_open, P("new"), O_CREAT | O_WRONLY, 0640, 0, 0));
  ONE("open O_EXCL existing", SYS_open, P("new"), O_CREAT | O_EXCL, 0640, 0, 0);
  close(ONE("open existing", SYS_open, P("new"), 0, 0, 0, 0));
  ONE("open missing", SYS_open, P("missing"), 0, 0, 0, 0);
  ONE("open in missing directory", SYS_open, P("nodir/missing"), 0, 0, 0, 0);
  ONE("open beneath file", SYS_open, P("new/x"), 0, 0, 0, 0);
  ONE("open bad pointer", SYS_open, 1, 0, 0, 0, 0);
  ONE("open NULL", SYS_open, 0, 0, 0, 0, 0);
  ONE("open empty", SYS_open, P(""), 0, 0, 0, 0);
  close(ONE("open absolute", SYS_open, P("/etc/passwd"), 0, 0, 0, 0));
  close(ONE("open device", SYS_open, P("/dev/null"), 0, 0, 0, 0));
  close(ONE("open strange name", SYS_open, P("a b\"c\n"), O_CREAT, 0600, 0, 0));
  close(ONE("creat", SYS_creat, P("created"), 0600, 0, 0, 0));
  close(ONE("openat2", SYS_openat2, CWD, P("new"), P(&how), sizeof(how), 0));
  close(ONE("open /proc/self/cwd", SYS_open, P("/proc/self/cwd/new"), 0, 0, 0, 0));
}

static void Entries(void) {
  ONE("mkdir", SYS_mkdir, P("dir"), 0755, 0, 0, 0);
  ONE("mkdir existing", SYS_mkdir, P("dir"), 0755, 0, 0, 0);
  ONE("mkdir in missing directory", SYS_mkdir, P("nodir/x"), 0755, 0, 0, 0);
  ONE("mkdir with slash", SYS_mkdir, P("dir/sub/"), 0755, 0, 0, 0);
  ONE("rmdir", SYS_rmdir, P("dir/sub"), 0, 0, 0, 0);
  ONE("rmdir missing", SYS_rmdir, P("nope"), 0, 0, 0, 0);
  ONE("symlink", SYS_symlink, P("new"), P("link"), 0, 0, 0);
  ONE("symlink to directory", SYS_symlink, P("dir"), P("dlink"), 0, 0, 0);
  ONE("symlink dangling", SYS_symlink, P("absent"), P("dangle"), 0, 0, 0);
  ONE("symlink existing", SYS_symlink, P("text"), P("link"), 0, 0, 0);
  close(ONE("open through link", SYS_open, P("link"), 0, 0, 0, 0));
  ONE("open O_NOFOLLOW", SYS_open, P("link"), O_NOFOLLOW, 0, 0, 0);
  close(ONE("open through linked directory", SYS_open, P("dlink/../new"), 0, 0, 0, 0));
  close(ONE("open dangling O_CREAT", SYS_open, P("dangle"), O_CREAT, 0600, 0, 0));
  ONE("link", SYS_link, P("new"), P("hard"), 0, 0, 0);
  ONE("link existing", SYS_link, P("new"), P("hard"), 0, 0, 0);
  ONE("link missing", SYS_link, P("nope"), P("hard2"), 0, 0, 0);
  ONE("link into missing directory", SYS_link, P("new"), P("nodir/x"), 0, 0, 0);
  ONE("rename", SYS_rename, P("hard"), P("dir/hard"), 0, 0, 0);
  close(Call(SYS_open, P("e1"), O_CREAT, 0600, 0, 0));
  close(Call(SYS_open, P("e2"), O_CREAT, 0600, 0, 0));
  ONE("rename replacing", SYS_rename, P("e1"), P("e2"), 0, 0, 0);
  ONE("renameat2 exchange", SYS_renameat2, CWD, P("e2"), CWD, P("created"), 2);
  ONE("renameat2 no replace", SYS_renameat2, CWD, P("e2"), CWD, P("created"), 1);
  ONE("rename missing", SYS_rename, P("nope"), P("x"), 0, 0, 0);
  ONE("rename from missing directory", SYS_rename, P("nodir/x"), P("x"), 0, 0, 0);
  ONE("rename to missing directory", SYS_rename, P("e2"), P("nodir/x"), 0, 0, 0);
  ONE("unlink missing", SYS_unlink, P("nope"), 0, 0, 0, 0);
  ONE("unlink directory", SYS_unlink, P("dir"), 0, 0, 0, 0);
  ONE("unlink link", SYS_unlink, P("dlink"), 0, 0, 0, 0);
  ONE("unlink", SYS_unlink, P("e2"), 0, 0, 0, 0);
  ONE("mknod", SYS_mknod, P("fifo"), S_IFIFO | 0600, 0, 0, 0);
}

static void Descriptors(void) {
  static struct stat status;
  const long dir = Call(SYS_open, P("dir"), O_RDONLY | O_DIRECTORY, 0, 0, 0);
  const long file = Call(SYS_open, P("new"), O_RDWR, 0, 0, 0);
  close(ONE("openat O_CREAT", SYS_openat, dir, P("f"), O_CREAT, 0600, 0));
  close(ONE("openat", SYS_openat, dir, P("../new"), 0, 0, 0));
  ONE("openat bad descriptor", SYS_openat, 999, P("x"), 0, 0, 0);
  ONE("unlinkat", SYS_unlinkat, dir, P("f"), 0, 0, 0);
  ONE("linkat", SYS_linkat, CWD, P("link"), dir, P("l"), AT_SYMLINK_FOLLOW);
  ONE("newfstatat", SYS_newfstatat, CWD, P("link"), P(&status), AT_SYMLINK_NOFOLLOW, 0);
  ONE("newfstatat empty", SYS_newfstatat, file, P(""), P(&status), AT_EMPTY_PATH, 0);
  ONE("fchownat empty", SYS_fchownat, file, P(""), -1, -1, AT_EMPTY_PATH);
  ONE("utimensat NULL", SYS_utimensat, file, 0, 0, 0, 0);
  ONE("fchmod", SYS_fchmod, file, 0600, 0, 0, 0);
  ONE("fsetxattr", SYS_fsetxattr, file, P("user.x"), P("y"), 1, 0);
  ONE("chdir", SYS_chdir, P("dir"), 0, 0, 0, 0);
  close(ONE("open in other directory", SYS_open, P("../new"), 0, 0, 0, 0));
  ONE("chdir back", SYS_chdir, P(".."), 0, 0, 0, 0);
  ONE("access", SYS_access, P("new"), R_OK, 0, 0, 0);
  ONE("chmod through link", SYS_chmod, P("link"), 04711, 0, 0, 0);
  ONE("lchown link", SYS_lchown, P("link"), -1, -1, 0, 0);
  static char text[64];
  ONE("readlink", SYS_readlink, P("link"), P(text), sizeof(text), 0, 0);
  ONE("truncate", SYS_truncate, P("new"), 0, 0, 0, 0);
  close(file);
  close(dir);
}

// In a mount namespace of its own, whose root is another than everybody's.
static void Mounts(void) {
  EXPECT_EQ(unshare(CLONE_NEWNS), 0);
  EXPECT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
  ONE("mount tmpfs", SYS_mount, P("none"), P("dir"), P("tmpfs"), 0, 0);
  ONE("umount", SYS_umount2, P("dir"), 0, 0, 0, 0);
  ONE("mount absent device", SYS_mount, P("nosuch"), P("dir"), P("ext4"), 0, 0);
  ONE("mount file as device", SYS_mount, P("new"), P("dir"), P("ext4"), 0, 0);
  ONE("mount bind", SYS_mount, P("new"), P("fifo"), 0, MS_BIND, 0);
  ONE("umount file", SYS_umount2, P("fifo"), 0, 0, 0, 0);
}

static void Addresses(void) {
  static struct sockaddr_un name = {AF_UNIX, "sock"};
  static struct sockaddr_un abstract = {AF_UNIX, "\0abstract"};
  static struct sockaddr_in inet = {.sin_family = AF_INET};
  inet.sin_port = htons(9);
  inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  static struct iovec data = {"x", 1};
  static struct msghdr message = {
      .msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = &data, .msg_iovlen = 1};
  static struct mmsghdr messages[2];
  messages[0].msg_hdr = messages[1].msg_hdr = message;
  const long server = Call(SYS_socket, AF_UNIX, SOCK_DGRAM, 0, 0, 0);
  const long client = Call(SYS_socket, AF_UNIX, SOCK_DGRAM, 0, 0, 0);
  const long internet = Call(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0, 0);
  ONE("bind", SYS_bind, server, P(&name), sizeof(name), 0, 0);
  ONE("bind existing", SYS_bind, client, P(&name), sizeof(name), 0, 0);
  ONE("connect", SYS_connect, client, P(&name), sizeof(name), 0, 0);
  Mark("sendto");
  syscall(SYS_sendto, client, "x", 1, 0, &name, sizeof(name));
  ONE("sendmsg", SYS_sendmsg, client, P(&message), 0, 0, 0);
  ONE("sendmmsg", SYS_sendmmsg, client, P(messages), 2, 0, 0);
  ONE("connect abstract", SYS_connect, client, P(&abstract), 11, 0, 0);
  ONE("connect internet", SYS_connect, internet, P(&inet), sizeof(inet), 0, 0);
  ONE("connect too long", SYS_connect, internet, P(&inet), 200, 0, 0);
  ONE("connect bad pointer", SYS_connect, internet, 1, 16, 0, 0);
  ONE("connect bad descriptor", SYS_connect, 999, P(&inet), sizeof(inet), 0, 0);
  close(server);
  close(client);
  close(internet);
}

static void Tasks(void) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    prctl(PR_SET_NAME, "a b");
    EXPECT_EQ(write(ready[1], "x", 1), 1);
    for (;;) pause();
  }
  char byte;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  static struct rlimit limit;
  ONE("kill 0", SYS_kill, child, 0, 0, 0, 0);
  ONE("kill", SYS_kill, child, SIGCONT, 0, 0, 0);
  ONE("kill group", SYS_kill, -child, 0, 0, 0, 0);
  const pid_t self = getpid();
  ONE("kill itself", SYS_kill, self, 0, 0, 0, 0);
  ONE("kill nobody", SYS_kill, 1 << 23, 0, 0, 0, 0);
  ONE("tkill", SYS_tkill, child, 0, 0, 0, 0);
  ONE("tgkill", SYS_tgkill, child, child, 0, 0, 0);
  const long descriptor = Call(SYS_pidfd_open, child, 0, 0, 0, 0);
  ONE("pidfd_send_signal", SYS_pidfd_send_signal, descriptor, 0, 0, 0, 0);
  ONE("ptrace bad request", SYS_ptrace, 0x7777, child, 0, 0, 0);
  ONE("prlimit64", SYS_prlimit64, child, RLIMIT_CORE, 0, P(&limit), 0);
  close(descriptor);
  // Not kill, which may be refused.
  EXPECT_EQ(syscall(SYS_tgkill, child, child, SIGKILL), 0);
  ExpectKilled(child, SIGKILL);
}

int main(void) {
  EXPECT_EQ(syscall(SYS_close_range, 3, ~0U, 0), 0);
  Opens();
  Entries();
  Descriptors();
  Addresses();
  Tasks();
  Mounts();
  EXPECT_EQ(prctl(PR_SET_NAME, "a) \"b\n"), 0);
  ONE("open by another name", SYS_open, P("/"), 0, 0, 0, 0);
  EXPECT_EQ(write(1, labels, labels_size), (long long)labels_size);
  return 0;
}

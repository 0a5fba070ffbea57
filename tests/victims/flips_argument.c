// Makes a call over and over while somebody flips one byte of what it points to, between what a
// policy allows and what it refuses. Fails with status 3 as soon as the call has done what is
// refused.
//
//   flips_argument WHAT WAY TRIES
//
// WHAT: open      openat of "./a" (allowed) or "./r", which are files of a directory of its own
//       link      linkat of one of them, to another name: two paths
//       openat2   openat2 of "./a" for reading (allowed) or writing
//       connect   connect to the socket "@a.N" or "@r.N"
//       sendmsg   sendmsg to one of them, by an address that the message points to
// WAY:  thread    another thread flips
//       clone_vm  a process that shares the memory does
//       vfork     another thread does, and the calls are made by a vfork child
//       shared    a process that shares the page alone does
//       writev    another process writes into this one's private memory
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "flipped_files.h"

enum { kWon = 3 };

// On a page of its own, which can be shared.
struct Flipped {
  char path[8];
  struct open_how how;
  struct sockaddr_un address;
  socklen_t address_size;
  struct msghdr message;
};
static struct Flipped* flipped;
static volatile char* byte;
static char allowed = 'a';
static char refused = 'r';

static int refused_socket;
static int allowed_socket;
static pid_t owner;

static void Flip(void) {
  while (1) {
    *byte = refused;
    *byte = allowed;
  }
}

static void* FlipInThread(void* unused) {
  Flip();
  return unused;
}

static int FlipInProcess(void* unused) {
  Flip();
  return unused != NULL;
}

static void FlipByWriting(void) {
  struct iovec remote = {(void*)(uintptr_t)byte, 1};
  while (1) {
    struct iovec local = {&refused, 1};
    process_vm_writev(owner, &local, 1, &remote, 1, 0);
    local.iov_base = &allowed;
    process_vm_writev(owner, &local, 1, &remote, 1, 0);
  }
}

// ---- Calls: 1 if it did what is refused, 0 if what is allowed, -1 if it was refused.

static int Open(void) { return OpenOne(flipped->path); }

static int Link(void) {
  if (syscall(SYS_linkat, AT_FDCWD, flipped->path, AT_FDCWD, "./linked", 0) < 0) return -1;
  struct stat status;
  EXPECT(stat("linked", &status) == 0);
  EXPECT(unlink("linked") == 0);
  return status.st_ino == refused_file;
}

static int Openat2(void) {
  const int fd = syscall(SYS_openat2, AT_FDCWD, "a", &flipped->how, sizeof(flipped->how));
  if (fd < 0) return -1;
  const int flags = fcntl(fd, F_GETFL);
  close(fd);
  return (flags & O_ACCMODE) == O_WRONLY;
}

static int Connect(void) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  EXPECT(fd >= 0);
  int result = -1;
  if (connect(fd, (struct sockaddr*)&flipped->address, flipped->address_size) == 0) {
    struct sockaddr_un peer;
    socklen_t size = sizeof(peer);
    EXPECT(getpeername(fd, (struct sockaddr*)&peer, &size) == 0);
    result = peer.sun_path[1] == refused;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return result;
}

static int SendMessage(void) {
  static int sender = -1;
  if (sender < 0) sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sendmsg(sender, &flipped->message, 0) < 0) return -1;
  char got;
  if (recv(refused_socket, &got, 1, MSG_DONTWAIT) == 1) return 1;
  EXPECT(recv(allowed_socket, &got, 1, MSG_DONTWAIT) == 1 && got == 'm');
  return 0;
}

// ---- What they need.

static void MakePath(void) {
  strcpy(flipped->path, "./a");
  byte = &flipped->path[2];
}

static int Bind(char first) {
  flipped->address.sun_family = AF_UNIX;
  const int size = snprintf(flipped->address.sun_path + 1, 32, "%c.%d", first, getpid());
  flipped->address_size = offsetof(struct sockaddr_un, sun_path) + 1 + size;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  EXPECT(bind(fd, (struct sockaddr*)&flipped->address, flipped->address_size) == 0);
  return fd;
}

static void MakeSockets(void) {
  static char data = 'm';
  static struct iovec vector = {&data, 1};
  refused_socket = Bind(refused);
  allowed_socket = Bind(allowed);
  flipped->message.msg_name = &flipped->address;
  flipped->message.msg_namelen = flipped->address_size;
  flipped->message.msg_iov = &vector;
  flipped->message.msg_iovlen = 1;
  byte = &flipped->address.sun_path[1];
}

static void MakeHow(void) {
  allowed = O_RDONLY;
  refused = O_WRONLY;
  byte = (char*)&flipped->how.flags;  // little-endian
}

static struct What {
  const char* name;
  int (*call)(void);
  void (*make)(void);
} const kWhats[] = {
    {"open", Open, MakePath},
    {"link", Link, MakePath},
    {"openat2", Openat2, MakeHow},
    {"connect", Connect, MakeSockets},
    {"sendmsg", SendMessage, MakeSockets},
};

static const struct What* Find(const char* name) {
  for (size_t i = 0; i < sizeof(kWhats) / sizeof(kWhats[0]); ++i) {
    if (strcmp(kWhats[i].name, name) == 0) return &kWhats[i];
  }
  Fail("no such WHAT: %s", name);
}

static int Attack(const struct What* what, long tries) {
  long done = 0;
  long denied = 0;
  // On until both were seen: it is the flipping that is looked at.
  for (long i = 0; i < tries || done == 0 || denied == 0; ++i) {
    const int result = what->call();
    if (result > 0) {
      fprintf(stderr, "won at try %ld\n", i + 1);
      return kWon;
    }
    if (result < 0) EXPECT_EQ(errno, EACCES);
    ++*(result < 0 ? &denied : &done);
  }
  fprintf(stderr, "%ld done, %ld refused\n", done, denied);
  return 0;
}

static pid_t StartProcess(int shares_memory) {
  static char stack[65536] __attribute__((aligned(16)));
  if (shares_memory) return clone(FlipInProcess, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
  return fork();
}

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 4);
  const struct What* what = Find(argv[1]);
  const char* way = argv[2];
  const int is_shared = strcmp(way, "shared") == 0;
  flipped = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                 MAP_ANONYMOUS | (is_shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
  EXPECT(flipped != MAP_FAILED);
  MakeFiles();
  what->make();
  owner = getpid();

  pid_t flipper = 0;
  pthread_t thread;
  if (strcmp(way, "thread") == 0 || strcmp(way, "vfork") == 0) {
    EXPECT(pthread_create(&thread, NULL, FlipInThread, NULL) == 0);
  } else {
    flipper = StartProcess(strcmp(way, "clone_vm") == 0);
    if (flipper == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (is_shared) Flip();
      FlipByWriting();
    }
    EXPECT(flipper > 0);
  }

  const long tries = atol(argv[3]);
  int result = 0;
  if (strcmp(way, "vfork") == 0) {
    const pid_t child = vfork();
    if (child == 0) _exit(Attack(what, tries));
    int status;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFEXITED(status));
    result = WEXITSTATUS(status);
  } else {
    result = Attack(what, tries);
  }
  if (flipper > 0) kill(flipper, SIGKILL);
  unlink("linked");
  RemoveFiles();
  if (result != 0) _exit(result);
  Succeed();
}

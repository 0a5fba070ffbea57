// Changes who it is in every way there is, and after each makes a call (getppid, which takes no
// argument) whose arguments say what it is now. Arguments: ROUNDS COPY, where COPY is a name for a
// second copy of this program. Prints what it may not do, a line each.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "victim.h"

enum { SAYS_IDS = 1, SAYS_NAME, SAYS_PROGRAM, SAYS_TITLE_SINCE, SAYS_LOGIN };

static uint64_t Two(uint32_t low, uint32_t high) { return low | (uint64_t)high << 32; }

static long Say(int what, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
  return syscall(SYS_getppid, what, a, b, c, d, e);
}

struct ids {
  uid_t ruid, euid, suid, fsuid;
  gid_t rgid, egid, sgid, fsgid;
};

static struct ids Ids(void) {
  struct ids ids;
  EXPECT_EQ(getresuid(&ids.ruid, &ids.euid, &ids.suid), 0);
  EXPECT_EQ(getresgid(&ids.rgid, &ids.egid, &ids.sgid), 0);
  ids.fsuid = setfsuid(-1);
  ids.fsgid = setfsgid(-1);
  return ids;
}

static pid_t parent;

static void SayIds(struct ids ids) {
  Say(SAYS_IDS, Two(ids.ruid, ids.euid), Two(ids.suid, ids.fsuid), Two(ids.rgid, ids.egid),
      Two(ids.sgid, ids.fsgid), Two(getpid(), parent));
}

static dev_t terminal;  // the controlling one; 0: none

static void SayName(const char* name) {
  uint64_t bytes[2] = {0, 0};
  strncpy((char*)bytes, name, 15);
  Say(SAYS_NAME, bytes[0], bytes[1], terminal, getpid(), 0);
}

static void Complain(const char* line) { EXPECT(write(1, line, strlen(line)) > 0); }

static void WriteTo(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY);
  EXPECT(fd >= 0);
  EXPECT_EQ(write(fd, text, strlen(text)), (long long)strlen(text));
  close(fd);
}

static uint32_t NumberIn(const char* path) {
  char text[32] = {0};
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return UINT32_MAX;
  EXPECT(read(fd, text, sizeof(text) - 1) > 0);
  close(fd);
  return strtoul(text, NULL, 10);
}

static void SayLogin(void) {
  Say(SAYS_LOGIN, NumberIn("/proc/self/loginuid"), NumberIn("/proc/self/sessionid"), 0, 0, 0);
}

static void ChangeNames(int round) {
  char name[32];
  for (int i = 0; i < 3; ++i) {
    snprintf(name, sizeof(name), "own) %d\n(%d", round, i);
    EXPECT_EQ(prctl(PR_SET_NAME, name), 0);
    SayName(name);
    snprintf(name, sizeof(name), "file %d %d\"", round, i);
    WriteTo("/proc/self/comm", name);
    SayName(name);
  }
}

static pid_t named;

static void* NamesAnother(void* name) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/task/%d/comm", named);
  WriteTo(path, name);
  // This one keeps its own.
  EXPECT_EQ(prctl(PR_SET_NAME, "the other"), 0);
  SayName("the other");
  return NULL;
}

static void HaveNameChanged(int round) {
  char name[32];
  pthread_t thread;
  snprintf(name, sizeof(name), "by thread %d", round);
  named = gettid();
  EXPECT_EQ(pthread_create(&thread, NULL, NamesAnother, name), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  SayName(name);
}

static void ChangeTerminal(void) {
  signal(SIGHUP, SIG_IGN);
  EXPECT(setsid() > 0);
  terminal = 0;
  EXPECT_EQ(prctl(PR_SET_NAME, "leader"), 0);
  SayName("leader");
  const int controller = posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT(controller >= 0 && grantpt(controller) == 0 && unlockpt(controller) == 0);
  const int fd = open(ptsname(controller), O_RDWR);
  struct stat status;
  EXPECT(fd >= 0 && fstat(fd, &status) == 0);
  terminal = status.st_rdev;
  SayName("leader");
  EXPECT_EQ(ioctl(fd, TIOCNOTTY), 0);
  terminal = 0;
  SayName("leader");
  close(fd);
  close(controller);
}

static void ChangeIds(int round) {
  EXPECT_EQ(setgid(100 + round), 0);
  SayIds(Ids());
  EXPECT_EQ(setresgid(200 + round, 300 + round, -1), 0);
  SayIds(Ids());
  setfsgid(400 + round);
  SayIds(Ids());
  setfsuid(500 + round);
  SayIds(Ids());
  EXPECT_EQ(setresuid(1000 + round, 2000 + round, 3000), 0);
  SayIds(Ids());
  EXPECT_EQ(setreuid(-1, 1000 + round), 0);
  SayIds(Ids());
}

// In a user namespace of its own a task is called something else, but still is who it was.
static void Unshare(void) {
  const struct ids before = Ids();
  if (unshare(CLONE_NEWUSER) != 0) return;
  SayIds(before);
  char map[32];
  snprintf(map, sizeof(map), "0 %u 1", before.euid);
  const int fd = open("/proc/self/uid_map", O_WRONLY);
  if (fd >= 0 && write(fd, map, strlen(map)) > 0) SayIds(before);
}

static void Run(const char* program, const char* what, const char* round, const char* copy) {
  char* const arguments[] = {(char*)"victim", (char*)what, (char*)round, (char*)copy, NULL};
  execv(program, arguments);
  Fail("execv %s: errno %d", program, errno);
}

// argv: victim WHAT ROUND COPY
static void SayProgram(char** argv, int is_copy) {
  Say(SAYS_PROGRAM, argv[1][0], strtoul(argv[2], NULL, 10), is_copy, getpid(), 0);
}

static char** program_arguments;

static void* RunsAnother(void* unused) {
  (void)unused;
  Run("/proc/self/exe", "third", program_arguments[2], program_arguments[3]);
  return NULL;
}

static void AsFirst(int round, const char* copy, int may_set_ids, int may_log_in) {
  char number[16];
  snprintf(number, sizeof(number), "%d", round);
  ChangeNames(round);
  HaveNameChanged(round);
  ChangeTerminal();
  if (may_log_in) {
    SayLogin();
    WriteTo("/proc/self/loginuid", number);
    SayLogin();
  }
  const pid_t child = fork();
  if (child == 0) {
    parent = getppid();
    SayIds(Ids());
    if (may_set_ids) ChangeIds(round);
    Unshare();
    _exit(0);
  }
  ExpectExit(child, 0);
  Run(copy, "second", number, copy);
}

// Lets its command line begin some bytes later (prctl(2), PR_SET_MM_MAP, which needs no privilege).
// False on a kernel without it.
static int MoveArguments(int bytes) {
  char stat[2048] = {0};
  const int fd = open("/proc/self/stat", O_RDONLY);
  EXPECT(read(fd, stat, sizeof(stat) - 1) > 0);
  close(fd);
  unsigned long long field[53] = {0};
  char* at = strrchr(stat, ')') + 4;  // behind the third field
  for (int i = 4; i <= 51; ++i) field[i] = strtoull(at, &at, 10);
  struct prctl_mm_map map = {.start_code = field[26],
                             .end_code = field[27],
                             .start_stack = field[28],
                             .start_data = field[45],
                             .end_data = field[46],
                             .start_brk = field[47],
                             .brk = (unsigned long)sbrk(0),
                             .arg_start = field[48] + bytes,
                             .arg_end = field[49],
                             .env_start = field[50],
                             .env_end = field[51],
                             .exe_fd = -1};
  if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0) return 1;
  EXPECT_EQ(errno, EINVAL);
  return 0;
}

static void AsSecond(char** argv) {
  SayName(strrchr(argv[3], '/') + 1);
  SayProgram(argv, 1);
  if (MoveArguments(3)) {
    Say(SAYS_TITLE_SINCE, 3, argv[1][0], strtoul(argv[2], NULL, 10), getpid(), 0);
  } else {
    Complain("may not move its arguments\n");
  }
  program_arguments = argv;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, RunsAnother, NULL), 0);
  pthread_join(thread, NULL);
  Fail("not reached");
}

static int Succeeds(void (*attempt)(int)) {
  const pid_t child = fork();
  if (child == 0) {
    attempt(1);
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void TryIds(int id) {
  if (setresgid(200 + id, 300 + id, -1) != 0 || setresuid(1000 + id, 2000 + id, 3000) != 0)
    _exit(1);
}

static void TryLogin(int id) {
  const int fd = open("/proc/self/loginuid", O_WRONLY);
  if (fd < 0 || dprintf(fd, "%d", id) < 0) _exit(1);
}

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "second") == 0) AsSecond(argv);
  if (argc == 4 && strcmp(argv[1], "third") == 0) {
    SayName("exe");  // of /proc/self/exe
    SayProgram(argv, 1);
    _exit(0);
  }
  if (argc != 3) Fail("usage: %s ROUNDS COPY", argv[0]);
  const int may_set_ids = Succeeds(TryIds);
  const int may_log_in = Succeeds(TryLogin);
  if (!may_set_ids) Complain("may not change its ids\n");
  if (!may_log_in) Complain("may not log in\n");
  for (int round = 0; round < atoi(argv[1]); ++round) {
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) AsFirst(round, argv[2], may_set_ids, may_log_in);
    ExpectExit(child, 0);
  }
  Succeed();
}

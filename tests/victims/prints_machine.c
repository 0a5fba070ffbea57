// Prints what it is told of the machine, a line each.
#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "victim.h"

static void PrintLimit(const char* when) {
  struct rlimit limit;
  EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  printf("%s %llu %llu\n", when, (unsigned long long)limit.rlim_cur,
         (unsigned long long)limit.rlim_max);
}

int main(void) {
  cpu_set_t cpus;
  EXPECT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  printf("cpus %d\n", CPU_COUNT(&cpus));
  CPU_ZERO(&cpus);
  CPU_SET(2, &cpus);
  EXPECT_EQ(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
  CPU_ZERO(&cpus);
  EXPECT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  printf("cpus %d %d\n", CPU_COUNT(&cpus), CPU_ISSET(2, &cpus));
  CPU_ZERO(&cpus);
  CPU_SET(500, &cpus);
  EXPECT_EQ(sched_setaffinity(0, sizeof(cpus), &cpus), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(sched_setaffinity(999999, sizeof(cpus), &cpus), -1);
  char byte;
  EXPECT_EQ(syscall(SYS_sched_getaffinity, 0, 1, &byte), -1);
  EXPECT_EQ(errno, EINVAL);

  struct sysinfo info;
  memset(&info, 0xff, sizeof(info));
  EXPECT_EQ(sysinfo(&info), 0);
  printf("sysinfo %ld %lu %lu %lu %llu %llu\n", info.uptime, info.loads[0], info.loads[1],
         info.loads[2], (unsigned long long)info.totalram * info.mem_unit,
         (unsigned long long)info.freeram * info.mem_unit);
  struct utsname names;
  EXPECT_EQ(uname(&names), 0);
  printf("host %s\n", names.nodename);
  if (sethostname("renamed", 7) == 0) {
    EXPECT_EQ(uname(&names), 0);
    EXPECT_EQ(strcmp(names.nodename, "renamed"), 0);
  }

  PrintLimit("limit");
  struct rlimit limit = {512, 2048};
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    PrintLimit("child");
    fflush(stdout);
    _exit(0);
  }
  ExpectExit(child, 0);
  limit.rlim_cur = 4096;
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), -1);
  EXPECT_EQ(errno, EINVAL);
  return 0;
}

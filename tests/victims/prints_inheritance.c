// Prints what a program inherits: descriptors, signals, environment, directory, limits, ids. Two
// programs started alike print the same.
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "victim.h"

extern char** environ;

static void PrintDescriptors(void) {
  for (int fd = 0; fd < 256; ++fd) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    struct stat stat;
    EXPECT_EQ(fstat(fd, &stat), 0);
    printf("fd %d: flags %x, status %x, file %lx:%lx\n", fd, flags, fcntl(fd, F_GETFL),
           (long)stat.st_dev, (long)stat.st_ino);
  }
}

static void PrintStatus(void) {
  static const char* const kFields[] = {"Sig",  "ShdPnd", "Uid", "Gid", "Groups",
                                        "Cpus", "Mems",   "Cap", "Name"};
  char line[1024];
  FILE* file = fopen("/proc/self/status", "r");
  EXPECT(file != NULL);
  while (fgets(line, sizeof(line), file) != NULL) {
    for (unsigned i = 0; i < sizeof(kFields) / sizeof(kFields[0]); ++i) {
      // How many signals the user has queued is no inheritance.
      if (strncmp(line, "SigQ", 4) == 0) continue;
      if (strncmp(line, kFields[i], strlen(kFields[i])) == 0) printf("%s", line);
    }
  }
  fclose(file);
}

int main(int argc, char** argv) {
  char directory[PATH_MAX];
  PrintDescriptors();
  PrintStatus();
  for (int i = 0; i < argc; ++i) printf("argv %d: %s\n", i, argv[i]);
  for (char** variable = environ; *variable != NULL; ++variable) printf("env: %s\n", *variable);
  EXPECT(getcwd(directory, sizeof(directory)) != NULL);
  printf("cwd: %s\n", directory);
  mode_t mask = umask(0);
  printf("umask: %o, sid: %d, pgrp: %d, nice: %d\n", mask, getsid(0), getpgrp(),
         getpriority(PRIO_PROCESS, 0));
  for (int resource = 0; resource < RLIMIT_NLIMITS; ++resource) {
    struct rlimit limit;
    EXPECT_EQ(getrlimit(resource, &limit), 0);
    printf("limit %d: %lx %lx\n", resource, (long)limit.rlim_cur, (long)limit.rlim_max);
  }
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) < 0) continue;
    if (action.sa_handler != SIG_DFL) printf("signal %d: %p\n", number, (void*)action.sa_handler);
  }
  fflush(stdout);
  Succeed();
}

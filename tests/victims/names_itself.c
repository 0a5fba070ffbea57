// Runs DIRECTORY/1, DIRECTORY/2 … or whatever they are links to, one after the other, for each of
// its other arguments: with that for every argument. As such a program, gives its argument to
// whatever a record names: itself, a directory, a file, a socket's address, its arguments.
//   names_itself DIRECTORY ARGUMENT...
//   (run by itself) ARGUMENT ARGUMENT ARGUMENT
#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "victim.h"

static void NameAll(char* name) {
  prctl(PR_SET_NAME, name);
  syscall(SYS_getppid);
  mkdir(name, 0700);
  rename(name, name);
  const int fd = open(name, O_RDONLY);
  if (fd >= 0) close(fd);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT(socket_fd >= 0);
  EXPECT(connect(socket_fd, (struct sockaddr*)&address, sizeof(address)) != 0);
  // What CWD says from here on.
  if (chdir(name) == 0) mkdir("in it", 0700);
}

int main(int argc, char** argv) {
  if (getenv("NAMED") != NULL) {
    NameAll(argv[argc - 1]);
    return 0;
  }
  for (int i = 2; i < argc; ++i) {
    char link[64];
    char program[PATH_MAX];
    snprintf(link, sizeof(link), "%d", i - 1);
    EXPECT_EQ(chdir(argv[1]), 0);
    const ssize_t length = readlink(link, program, sizeof(program) - 1);
    EXPECT(length > 0);
    program[length] = '\0';
    const pid_t child = fork();
    if (child == 0) {
      char* const arguments[] = {argv[i], argv[i], argv[i], NULL};
      char* const environment[] = {(char*)"NAMED=1", NULL};
      execve(program, arguments, environment);
      Fail("execve: errno %d", errno);
    }
    ExpectExit(child, 0);
  }
  Succeed();
}

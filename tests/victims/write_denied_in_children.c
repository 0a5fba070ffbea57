// In this process, in two children one after another, and in a thread of this one: each process's
// second write to /dev/null fails with EIO, its others do not. A thread's writes are its process's.
#include <fcntl.h>
#include <pthread.h>

#include "victim.h"

static int fd;

static void Write(int denied) {
  EXPECT_EQ(write(fd, "x", 1), denied ? -1 : 1);
  if (denied) EXPECT_EQ(errno, EIO);
}

static void* WriteThird(void* unused) {
  (void)unused;
  Write(0);
  return NULL;
}

static void* WriteSecond(void* unused) {
  (void)unused;
  Write(1);
  return NULL;
}

static void InThread(void* (*body)(void*)) {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, body, NULL), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
}

int main(void) {
  fd = open("/dev/null", O_WRONLY);
  EXPECT(fd >= 3);
  Write(0);
  for (int i = 0; i < 2; ++i) {
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
      Write(0);
      InThread(WriteSecond);
      Write(0);
      _exit(0);
    }
    ExpectExit(child, 0);
  }
  Write(1);
  InThread(WriteThird);
  Succeed();
}

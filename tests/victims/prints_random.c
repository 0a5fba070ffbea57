// Prints random numbers as it gets them by each way there is: a line each.
#include <fcntl.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/uio.h>

#include "victim.h"

enum { kSize = 24 };

static void Print(const char* way, const unsigned char* bytes) {
  char line[256];
  int at = snprintf(line, sizeof(line), "%s ", way);
  for (int i = 0; i < kSize; ++i) at += snprintf(line + at, sizeof(line) - at, "%02x", bytes[i]);
  line[at++] = '\n';
  EXPECT_EQ(write(1, line, at), at);
}

static void* InThread(void* way) {
  unsigned char bytes[kSize];
  EXPECT_EQ(getrandom(bytes, kSize, 0), kSize);
  Print(way, bytes);
  return NULL;
}

static void FromDevice(const char* path) {
  unsigned char bytes[kSize];
  const int fd = open(path, O_RDONLY);
  EXPECT(fd >= 0);
  EXPECT_EQ(read(fd, bytes, kSize), kSize);
  Print(path, bytes);
  struct iovec vectors[2] = {{bytes, 8}, {bytes + 8, kSize - 8}};
  EXPECT_EQ(readv(fd, vectors, 2), kSize);
  Print("readv", bytes);
  EXPECT_EQ(syscall(SYS_read, fd, NULL, kSize), -1);
  EXPECT_EQ(errno, EFAULT);
}

int main(void) {
  InThread("getrandom");
  InThread("again");
  FromDevice("/dev/urandom");
  FromDevice("/dev/random");
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, InThread, "thread"), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    InThread("child");
    _exit(0);
  }
  ExpectExit(child, 0);
  InThread("after");
  unsigned char bytes[kSize];
  EXPECT_EQ(syscall(SYS_getrandom, bytes, kSize, 0x100), -1);
  EXPECT_EQ(errno, EINVAL);
  // What is no random device is read as it is.
  const int zero = open("/dev/zero", O_RDONLY);
  EXPECT_EQ(read(zero, bytes, kSize), kSize);
  for (int i = 0; i < kSize; ++i) EXPECT_EQ(bytes[i], 0);
  return 0;
}

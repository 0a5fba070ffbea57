// Tries to change, replace or write the memory from which its calls are made, and calls on. Needs a
// policy that refuses openat of "./r".
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>

#include "flipped_files.h"

static char* page;
static size_t page_size;

static void FindPage(void) {
  FILE* maps = fopen("/proc/self/maps", "re");
  EXPECT(maps != NULL);
  char line[512];
  unsigned long begin = 0;
  unsigned long end = 0;
  while (page == NULL && fgets(line, sizeof(line), maps) != NULL) {
    if (strstr(line, "provost-arguments") == NULL) continue;
    EXPECT(sscanf(line, "%lx-%lx", &begin, &end) == 2);
    page = (char*)begin;
    page_size = end - begin;
  }
  fclose(maps);
  EXPECT(page != NULL);
}

static void* AnyMap(void* at, int flags) {
  return mmap(at, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void TryByMemoryCalls(void) {
  EXPECT(mprotect(page, page_size, PROT_READ | PROT_WRITE) == -1);
  EXPECT(mprotect(page, 4096, PROT_NONE) == -1);
  EXPECT(munmap(page, page_size) == -1);
  EXPECT(munmap(page - 4096, page_size + 8192) == -1);
  EXPECT(AnyMap(page, MAP_FIXED) == MAP_FAILED);
  EXPECT(mremap(page, page_size, page_size / 2, 0) == MAP_FAILED);
  EXPECT(mremap(page, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED, page + (1 << 30)) ==
         MAP_FAILED);
  char* other = AnyMap(NULL, 0);
  EXPECT(other != MAP_FAILED);
  EXPECT(mremap(other, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED, page) == MAP_FAILED);
  EXPECT(remap_file_pages(page, 4096, 0, 1, 0) == -1);
  EXPECT(madvise(page, page_size, MADV_REMOVE) == -1);
  // These leave it as it is.
  madvise(page, page_size, MADV_DONTNEED);
  madvise(page, page_size, MADV_FREE);
  madvise(page, page_size, MADV_PAGEOUT);
  const int id = shmget(IPC_PRIVATE, page_size, IPC_CREAT | 0600);
  if (id >= 0) {
    EXPECT(shmat(id, page, SHM_REMAP) == (void*)-1);
    EXPECT(shmctl(id, IPC_RMID, NULL) == 0);
  }
}

static void TryByWriting(void) {
  struct iovec local = {"X", 1};
  struct iovec remote = {page, 1};
  EXPECT(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == -1);
  const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  EXPECT(read(zero, page, 1) == -1);
  close(zero);
  const int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  EXPECT(memory >= 0);
  EXPECT(pwrite(memory, "X", 1, (off_t)(uintptr_t)page) == -1);
  close(memory);
  // Root may open what is mapped.
  char name[128];
  snprintf(name, sizeof(name), "/proc/self/map_files/%lx-%lx", (unsigned long)page,
           (unsigned long)(page + page_size));
  const int file = open(name, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  EXPECT(write(file, "X", 1) == -1);
  EXPECT(ftruncate(file, 0) == -1);
  EXPECT(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == -1);
  EXPECT(mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
  close(file);
}

// Writes to where the page was wherever it can be written.
static void* WriteRefused(void* unused) {
  while (1) {
    for (size_t at = 0; at < page_size; at += 64) memcpy(page + at, "./r", 4);
  }
  return unused;
}

// A child can be kept from having it, and has other memory there.
static void TryInChild(void) {
  EXPECT(madvise(page, page_size, MADV_DONTFORK) == 0);
  const pid_t child = fork();
  if (child == 0) {
    EXPECT(AnyMap(page, MAP_FIXED_NOREPLACE) == page);
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, WriteRefused, NULL) == 0);
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(OpenOne("./a"), 0);
    _exit(7);
  }
  ExpectExit(child, 7);
  EXPECT(madvise(page, page_size, MADV_DOFORK) == 0);
}

int main(void) {
  MakeFiles();
  EXPECT_EQ(OpenOne("./a"), 0);
  EXPECT_EQ(OpenOne("./r"), -1);
  FindPage();
  TryByMemoryCalls();
  TryByWriting();
  EXPECT_EQ(OpenOne("./a"), 0);
  TryInChild();
  EXPECT_EQ(OpenOne("./a"), 0);
  RemoveFiles();
  Succeed();
}

// Credentials under `emulate ids with groups = "0,4,27"`: root's, and what root makes of them. By the
// calls of the kernel, all of them that the architecture has: i386's of 16 bits, too.

#include <linux/capability.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "victim.h"

#ifdef __i386__
#define WIDE(name) SYS_##name##32
#else
#define WIDE(name) SYS_##name
#endif

static uint64_t Capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  EXPECT_EQ(syscall(SYS_capget, &header, data), 0);
  return data[0].effective | (uint64_t)data[1].effective << 32;
}

static void ExpectUsers(uint32_t real, uint32_t effective, uint32_t saved) {
  uint32_t ids[3];
  EXPECT_EQ(syscall(WIDE(getresuid), &ids[0], &ids[1], &ids[2]), 0);
  EXPECT_EQ(ids[0], real);
  EXPECT_EQ(ids[1], effective);
  EXPECT_EQ(ids[2], saved);
  EXPECT_EQ((uint32_t)syscall(WIDE(getuid)), real);
  EXPECT_EQ((uint32_t)syscall(WIDE(geteuid)), effective);
}

static void ExpectGroupIds(uint32_t real, uint32_t effective, uint32_t saved) {
  uint32_t ids[3];
  EXPECT_EQ(syscall(WIDE(getresgid), &ids[0], &ids[1], &ids[2]), 0);
  EXPECT_EQ(ids[0], real);
  EXPECT_EQ(ids[1], effective);
  EXPECT_EQ(ids[2], saved);
  EXPECT_EQ((uint32_t)syscall(WIDE(getgid)), real);
  EXPECT_EQ((uint32_t)syscall(WIDE(getegid)), effective);
}

static void ExpectError(long result, int error) {
  EXPECT_EQ(result, -1);
  EXPECT_EQ(errno, error);
}

static void IsRoot(void) {
  ExpectUsers(0, 0, 0);
  ExpectGroupIds(0, 0, 0);
  uint32_t groups[3];
  EXPECT_EQ(syscall(WIDE(getgroups), 0, NULL), 3);
  ExpectError(syscall(WIDE(getgroups), 2, groups), EINVAL);
  EXPECT_EQ(syscall(WIDE(getgroups), 3, groups), 3);
  EXPECT_EQ(groups[0], 0);
  EXPECT_EQ(groups[1], 4);
  EXPECT_EQ(groups[2], 27);
  EXPECT(Capabilities() & (1u << CAP_CHOWN));
  EXPECT_EQ(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0), 1);
  ExpectError(prctl(PR_CAPBSET_READ, 64, 0, 0, 0), EINVAL);
  // What prctl(2) says of other things is the kernel's.
  EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}

// In a child of its own, each.
static void ActAs(void (*act)(void)) {
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    act();
    _exit(0);
  }
  ExpectExit(child, 0);
}

static void DropsForGood(void) {
  EXPECT_EQ(syscall(WIDE(setgid), 5), 0);
  EXPECT_EQ(syscall(WIDE(setuid), 7), 0);
  ExpectUsers(7, 7, 7);
  ExpectGroupIds(5, 5, 5);
  EXPECT_EQ(Capabilities(), 0);
  ExpectError(syscall(WIDE(setuid), 0), EPERM);
  ExpectError(syscall(WIDE(setreuid), -1, 0), EPERM);
  ExpectError(syscall(WIDE(setresuid), 0, 7, 7), EPERM);
  ExpectError(syscall(WIDE(setgid), 0), EPERM);
  ExpectError(syscall(WIDE(setgroups), 0, NULL), EPERM);
  // Nobody but itself hears of it.
  EXPECT_EQ(syscall(WIDE(setresuid), 7, 7, 7), 0);
  ExpectUsers(7, 7, 7);
}

static void DropsForAWhile(void) {
  EXPECT_EQ(syscall(WIDE(setresuid), -1, 7, -1), 0);
  ExpectUsers(0, 7, 0);
  EXPECT_EQ(Capabilities(), 0);
  ExpectError(syscall(WIDE(setgid), 9), EPERM);
  EXPECT_EQ(syscall(WIDE(setresuid), -1, 0, -1), 0);
  EXPECT(Capabilities() & (1u << CAP_SETGID));
  EXPECT_EQ(syscall(WIDE(setreuid), 7, 8), 0);
  ExpectUsers(7, 8, 8);
  EXPECT_EQ(syscall(WIDE(setreuid), 8, 7), 0);
  ExpectUsers(8, 7, 7);
}

static void SetsGroups(void) {
  const uint32_t groups[2] = {100000, 3};
  uint32_t got[2];
  EXPECT_EQ(syscall(WIDE(setgroups), 2, groups), 0);
  EXPECT_EQ(syscall(WIDE(getgroups), 2, got), 2);
  EXPECT_EQ(got[0], 3);
  EXPECT_EQ(got[1], 100000);
  ExpectError(syscall(WIDE(setgroups), 65537, groups), EINVAL);
  ExpectError(syscall(WIDE(setgroups), 2, NULL), EFAULT);
  EXPECT_EQ(syscall(WIDE(setregid), 5, 6), 0);
  ExpectGroupIds(5, 6, 6);
  EXPECT_EQ(syscall(WIDE(setresgid), 1, 2, 3), 0);
  ExpectGroupIds(1, 2, 3);
}

static void OpensFilesAsOthers(void) {
  EXPECT_EQ(syscall(WIDE(setfsuid), 7), 0);
  EXPECT_EQ(syscall(WIDE(setfsuid), -1), 7);
  EXPECT(!(Capabilities() & (1u << CAP_CHOWN)));
  EXPECT(Capabilities() & (1u << CAP_SETUID));
  EXPECT_EQ(syscall(WIDE(setfsgid), 9), 0);
  EXPECT_EQ(syscall(WIDE(setfsgid), -1), 9);
}

static void KeepsCapabilities(void) {
  EXPECT_EQ(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
  EXPECT_EQ(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 1);
  EXPECT_EQ(syscall(WIDE(setuid), 7), 0);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  EXPECT_EQ(syscall(SYS_capget, &header, data), 0);
  EXPECT_EQ(data[0].effective, 0);
  EXPECT(data[0].permitted & (1u << CAP_SETUID));
  data[0].effective = data[0].permitted = 1u << CAP_SETUID;
  data[1].effective = data[1].permitted = 0;
  EXPECT_EQ(syscall(SYS_capset, &header, data), 0);
  EXPECT_EQ(Capabilities(), 1u << CAP_SETUID);
  data[0].permitted |= 1u << CAP_CHOWN;
  ExpectError(syscall(SYS_capset, &header, data), EPERM);
  EXPECT_EQ(syscall(WIDE(setuid), 0), 0);
}

// Of no version that there is: the kernel says which there are.
static void AsksForVersions(void) {
  struct __user_cap_header_struct header = {1, 0};
  EXPECT_EQ(syscall(SYS_capget, &header, NULL), 0);
  EXPECT_EQ(header.version, _LINUX_CAPABILITY_VERSION_3);
}

#ifdef __i386__
// The calls of the first Linux have ids of 16 bits.
static void HasShortIds(void) {
  EXPECT_EQ(syscall(SYS_setuid, 0xffff), -1);
  EXPECT_EQ(syscall(SYS_setresuid, 7, 0xffff, 0xffff), 0);
  ExpectUsers(7, 0, 0);
  EXPECT_EQ(syscall(SYS_setresuid32, 100000, -1, -1), 0);
  EXPECT_EQ(syscall(SYS_getuid), 65534);
  EXPECT_EQ(syscall(SYS_geteuid), 0);
  uint16_t ids[3];
  EXPECT_EQ(syscall(SYS_getresuid, &ids[0], &ids[1], &ids[2]), 0);
  EXPECT_EQ(ids[0], 65534);
  EXPECT_EQ(ids[1], 0);
  const uint16_t groups[2] = {12, 3};
  EXPECT_EQ(syscall(SYS_setgroups, 2, groups), 0);
  uint16_t got[2];
  EXPECT_EQ(syscall(SYS_getgroups, 2, got), 2);
  EXPECT_EQ(got[0], 3);
  EXPECT_EQ(got[1], 12);
}
#endif

static void* ReadsUser(void* to) {
  *(long*)to = syscall(WIDE(geteuid));
  return NULL;
}

// As threads of the C library have it: one set of credentials for all.
static void HasThreads(void) {
  EXPECT_EQ(syscall(WIDE(setresuid), -1, 7, -1), 0);
  long user = -1;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, ReadsUser, &user), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  EXPECT_EQ(user, 7);
}

static const char* self;

static void RunsPrograms(void) {
  EXPECT_EQ(syscall(WIDE(setresuid), 7, 7, -1), 0);
  execl(self, self, "executed", NULL);
  Fail("execl: %d", errno);
}

int main(int argc, char** argv) {
  if (argc > 1) {
    ExpectUsers(7, 7, 7);
    EXPECT_EQ(Capabilities(), 0);
    return 0;
  }
  self = argv[0];
  IsRoot();
  void (*const acts[])(void) = {
      DropsForGood,      DropsForAWhile,  SetsGroups, OpensFilesAsOthers,
      KeepsCapabilities, AsksForVersions, HasThreads, RunsPrograms,
#ifdef __i386__
      HasShortIds,
#endif
  };
  for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); ++i) {
    ActAs(acts[i]);
    IsRoot();
  }
  Succeed();
}

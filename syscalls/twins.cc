#include "syscalls/twins.h"

#include "absl/strings/str_split.h"

namespace provost {
namespace {

// As in man pages of section 2; members separated by single spaces.
struct Row {
  absl::string_view name;
  absl::string_view full;
  absl::string_view lesser;
};

constexpr Row kRows[] = {
    {"opening files", "open openat openat2 creat", ""},
    {"file status", "stat lstat newfstatat statx stat64 lstat64 fstatat64 oldstat oldlstat", ""},
    {"status of descriptors", "fstat statx newfstatat fstat64 fstatat64 oldfstat", ""},
    {"file system status", "statfs statfs64", ""},
    {"file system status of descriptors", "fstatfs fstatfs64", ""},
    {"removing files", "unlink unlinkat", ""},
    {"removing directories", "rmdir unlinkat", ""},
    {"renaming", "rename renameat renameat2", ""},
    {"making directories", "mkdir mkdirat", ""},
    {"making nodes", "mknod mknodat", ""},
    {"hard links", "link linkat", ""},
    {"symbolic links", "symlink symlinkat", ""},
    {"reading links", "readlink readlinkat", ""},
    {"file modes", "chmod fchmodat fchmodat2", ""},
    {"file owners", "chown lchown fchownat chown32 lchown32", ""},
    {"owners of descriptors", "fchown fchown32 fchownat", ""},
    {"access checks", "access faccessat faccessat2", ""},
    {"file times", "utime utimes futimesat utimensat utimensat_time64", ""},
    {"file lengths", "truncate truncate64", ""},
    {"lengths of descriptors", "ftruncate ftruncate64", ""},
    {"directories' entries", "getdents getdents64 readdir", ""},
    {"extended attributes", "setxattr lsetxattr setxattrat", ""},
    {"mounting", "mount move_mount open_tree fsopen fsmount mount_setattr", ""},
    {"unmounting", "umount umount2", ""},
    {"root directories", "chroot pivot_root", ""},
    {"running programs", "execve execveat", ""},
    {"making processes", "clone clone3", "fork vfork"},
    {"waiting for descriptors",
     "poll ppoll ppoll_time64 select pselect6 pselect6_time64 _newselect", ""},
    {"epoll", "epoll_create1", "epoll_create"},
    {"waiting by epoll", "epoll_wait epoll_pwait epoll_pwait2 epoll_wait_old", ""},
    {"copying descriptors", "dup2 dup3", "dup"},
    {"pipes", "pipe2", "pipe"},
    {"accepting connections", "accept4", "accept"},
    {"event descriptors", "eventfd2", "eventfd"},
    {"signal descriptors", "signalfd4", "signalfd"},
    {"inotify", "inotify_init1", "inotify_init"},
    {"reading", "read readv pread64 preadv preadv2", ""},
    {"writing", "write writev pwrite64 pwritev pwritev2", ""},
    {"moving data", "sendfile sendfile64", ""},
    {"file positions", "lseek _llseek", ""},
    {"mapping memory", "mmap mmap2", ""},
    {"protecting memory", "mprotect pkey_mprotect", ""},
    {"descriptors' controls", "fcntl fcntl64", ""},
    {"sending", "sendto sendmsg sendmmsg", ""},
    {"receiving", "recvfrom recvmsg recvmmsg recvmmsg_time64", ""},
    {"semaphores", "semop semtimedop semtimedop_time64", ""},
    {"reading the clock", "clock_gettime clock_gettime64", "time gettimeofday"},
    {"setting the clock",
     "clock_settime clock_settime64 settimeofday clock_adjtime clock_adjtime64 adjtimex", "stime"},
    {"sleeping", "clock_nanosleep clock_nanosleep_time64 nanosleep", ""},
    {"real user ids", "setuid setreuid setresuid setuid32 setreuid32 setresuid32", ""},
    {"group ids", "setgid setregid setresgid setgid32 setregid32 setresgid32", ""},
    {"supplementary groups", "setgroups setgroups32", ""},
    {"file system user ids", "setfsuid setfsuid32", ""},
    {"file system group ids", "setfsgid setfsgid32", ""},
    {"reading the user id", "getuid getuid32", ""},
    {"reading the effective user id", "geteuid geteuid32", ""},
    {"reading the group id", "getgid getgid32", ""},
    {"reading the effective group id", "getegid getegid32", ""},
    {"resource limits", "setrlimit prlimit64", ""},
    {"signalling processes", "kill rt_sigqueueinfo pidfd_send_signal", ""},
    {"signalling threads", "tkill tgkill rt_tgsigqueueinfo", ""},
    {"signal handlers", "rt_sigaction sigaction signal", ""},
    {"loading modules", "init_module finit_module", ""},
    {"loading kernels", "kexec_load kexec_file_load", ""},
    {"names of the system", "uname olduname oldolduname", ""},
};

std::vector<absl::string_view> Split(absl::string_view members) {
  if (members.empty()) return {};
  return absl::StrSplit(members, ' ');
}

}  // namespace

absl::Span<const TwinFamily> AllTwinFamilies() {
  static const auto* const families = [] {
    auto* all = new std::vector<TwinFamily>;
    for (const Row& row : kRows) all->push_back({row.name, Split(row.full), Split(row.lesser)});
    return all;
  }();
  return *families;
}

}  // namespace provost

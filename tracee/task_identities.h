#ifndef PROVOST_TRACEE_TASK_IDENTITIES_H_
#define PROVOST_TRACEE_TASK_IDENTITIES_H_

#include <fcntl.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/identity.h"
#include "base/unique_fd.h"
#include "tracee/task_directory.h"

namespace provost {

// Who the tasks are, for records: read at every stop, from descriptors that are kept open. Nothing
// that a task could change unseen is remembered: its ids, name, session, login and terminal are
// what they are when they are read. Only what execve sets is kept for each process, the program's
// path and the command line, as they are when they are first asked for (the kernel's audit code,
// too, keeps the first command line it saw); and, for whoever is told of every call that changes
// it (KeepTaskChanges), whether a task leads a session and has our root.
//
// A task costs up to six descriptors; those used longest ago are closed first, and all of them
// when this process has no other left. For one thread.
class TaskIdentities {
 public:
  // How the ids are read: by PIDFD_GET_INFO (Linux 6.13, on a thread's pidfd, Linux 6.9) where the
  // kernel has it, or from /proc/TID/status in any case.
  enum class Source : uint8_t { kBest, kProcOnly };

  // Keeps the descriptors of at most so many tasks; 0: as many as a quarter of RLIMIT_NOFILE holds,
  // and no more than 256.
  explicit TaskIdentities(size_t most_tasks = 0, Source source = Source::kBest);

  // Who the stopped task `tid` is. Fails if any of what every task has could not be read: a record
  // says what is so, or is not written. NotFound: the task is gone.
  absl::Status Read(pid_t tid, Identity& identity);

  // What to look through at the files of the task, good until the next call of this object.
  absl::StatusOr<TaskDirectory> Directory(pid_t tid);

  // The task ran execve, or ended.
  void Forget(pid_t tid);
  // A process may change what only execve is taken to set (PR_SET_MM, prctl(2)), of itself and of
  // whoever shares its memory: from here on that is read every time, too, of all.
  void KeepNoPrograms() { keeps_programs_ = false; }
  // From here on no task changes its root without KeepNoRoots before it, nor its session without
  // KeepNoSessions. That has to be said; without it both are read every time.
  void KeepTaskChanges() { keeps_sessions_ = keeps_roots_ = true; }
  void KeepNoSessions() { keeps_sessions_ = false; }
  void KeepNoRoots() { keeps_roots_ = false; }
  bool keeps_sessions() const { return keeps_sessions_; }
  bool keeps_roots() const { return keeps_roots_; }

 private:
  struct Files {
    pid_t tid = 0;
    UniqueFd directory;
    UniqueFd cwd;
    UniqueFd pidfd;
    UniqueFd comm;
    UniqueFd session;
    UniqueFd stat;
    bool has_login = false;  // auid and ses were read once
    uint32_t auid = UINT32_MAX;
    uint32_t ses = UINT32_MAX;
    bool has_no_tty = false;
    bool leads_none = false;  // no session, as it was last seen
    bool has_our_root = false;
  };
  struct Program {
    bool is_known = false;
    std::string exe;
    std::string proctitle;
  };
  using Age = std::list<Files>;

  absl::StatusOr<Files*> FilesOf(pid_t tid);
  absl::Status Open(Files& files);
  // Opens a file of the task's directory, at the price of others' if need be.
  absl::StatusOr<UniqueFd> OpenFile(const Files& files, const char* name, int flags = O_RDONLY);
  void DropOthers(pid_t tid);

  absl::Status ReadIds(Files& files, Identity& identity);
  absl::Status ReadName(const Files& files, Identity& identity);
  absl::Status ReadLoginOf(Files& files, Identity& identity);
  absl::Status ReadTerminal(Files& files, Identity& identity);
  absl::Status ReadProgram(const Files& files, Identity& identity);

  const size_t most_tasks_;
  bool has_info_;
  bool keeps_programs_ = true;
  bool keeps_sessions_ = false;
  bool keeps_roots_ = false;
  Age by_age_;  // used last, first
  absl::flat_hash_map<pid_t, Age::iterator> by_tid_;
  absl::flat_hash_map<pid_t, Program> programs_;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_TASK_IDENTITIES_H_

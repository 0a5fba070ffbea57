#ifndef PROVOST_SUPERVISOR_UNDUMPABLE_H_
#define PROVOST_SUPERVISOR_UNDUMPABLE_H_

namespace provost {

// While one lives, this process is not dumpable (PR_SET_DUMPABLE in prctl(2)): others of its user
// without CAP_SYS_PTRACE can neither trace it, nor read or write its memory, nor take its
// descriptors; it leaves no core dump. The last one puts back what was before. Of the whole
// process, safe from any thread.
class Undumpable {
 public:
  Undumpable();
  ~Undumpable();
  Undumpable(const Undumpable&) = delete;
  Undumpable& operator=(const Undumpable&) = delete;

  // Lifts it for as long as this lives, for a child that somebody is to trace: fork(2) hands the
  // state on, and an unprivileged PTRACE_SEIZE of a child that is not dumpable is EPERM.
  class Lifted {
   public:
    Lifted();
    ~Lifted();
    Lifted(const Lifted&) = delete;
    Lifted& operator=(const Lifted&) = delete;
  };
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_UNDUMPABLE_H_

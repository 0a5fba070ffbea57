#ifndef PROVOST_TRACEE_TASK_DIRECTORY_H_
#define PROVOST_TRACEE_TASK_DIRECTORY_H_

namespace provost {

// What is kept open of a task, to look through at the files that it sees. A view: whoever has given
// it owns what it refers to.
struct TaskDirectory {
  int proc = -1;  // open on /proc/TID
  int cwd = -1;   // on the link /proc/TID/cwd itself
  // True once the task's root was seen to be this process's own, and while nothing can have changed
  // that. Null: it may change unseen, and has to be looked at each time.
  bool* has_our_root = nullptr;
};

}  // namespace provost

#endif  // PROVOST_TRACEE_TASK_DIRECTORY_H_

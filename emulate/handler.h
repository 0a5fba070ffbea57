#ifndef PROVOST_EMULATE_HANDLER_H_
#define PROVOST_EMULATE_HANDLER_H_

// What answers a call in the kernel's place, or changes what the kernel is asked or answers. One
// file for each emulator, with a table of its calls; handler_table.h puts them together. Your own:
//
//   class Answering final : public Handler {
//     Reaction OnCall(const EmulatedCall& call) override { return Answer{42}; }
//   };
//   HandlerTable handlers = HandlerTable::Builtin();
//   handlers.Add({.name = "answering", .calls = {"getppid"}},
//                [](const Emulation&) { return std::make_unique<Answering>(); });
//   options.handlers = handlers;   // and "emulate answering" in a policy

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/call_facts.h"
#include "emulate/call.h"
#include "syscalls/request.h"

namespace provost {

// Bytes that the task finds at an address of its own. Where it cannot write there itself, its call
// gives EFAULT.
struct MemoryWrite {
  uint64_t address;
  std::string bytes;
  bool may_fail = false;  // where the task cannot write is no error
};

// The call's result, a value or -errno, and what of the task's memory it has written. Never one of
// the numbers by which the kernel restarts calls (-512 to -516).
struct Answer {
  int64_t result;
  std::vector<MemoryWrite> writes = {};
  ClockChange clock = {};  // what a call that OnCall answers did to a clock, for the call's record
};

// What a call reads in place of what an argument points at: a string with its NUL, a socket
// address, or a structure, of a kind that the call's signature has there.
struct Input {
  size_t argument;
  std::string bytes;
  // What a pointer at that offset of `bytes` leads to: the address in a msghdr.
  struct Inner {
    size_t offset;
    std::string bytes;
  };
  std::optional<Inner> inner = std::nullopt;
};

// Looks at a call when the kernel has answered it, at its exit, and gives the answer that the task
// sees. Not asked when a signal makes the kernel restart the call: then the handler is asked about
// it again. What it writes is written after the kernel did; a thread that looks sooner sees that.
using Afterwards = std::function<Answer(const EmulatedCall& call, int64_t result)>;

// The kernel runs a call: this one with other arguments, or another of the same architecture. The
// rules behind the one that named the emulator decide about it.
struct RunCall {
  SyscallRequest call;
  std::vector<Input> inputs = {};
  Afterwards then = nullptr;  // null: the kernel's answer stands
  // `then` is asked, too, when the call ends with a number by which the kernel restarts it, or
  // gives EINTR, if a handler runs; of what it says its writes count alone.
  bool looks_at_restarts = false;
  // Written when nothing can keep the call from running any more: where the kernel reads and
  // writes, so that no Input can stand for it. What the task cannot write itself stays as it is.
  std::vector<MemoryWrite> before = {};
  // Of memory that the task does not use, before the call. Where it cannot be written, the call
  // does not run and gives EFAULT.
  std::vector<MemoryWrite> writes = {};
};

// The handler could not do its work, which is said once: the call gets what the rule's policy says
// by default, and is recorded.
struct Failed {
  std::string why;
};

using Reaction = std::variant<Answer, RunCall, Failed>;

// One `emulate` rule of one run. On the tracing thread alone.
class Handler {
 public:
  virtual ~Handler() = default;

  // One of its calls, at its stop. May be asked again about the same call before that is done, so
  // that what it changes of its own state is changed with an Answer, or by Afterwards.
  virtual Reaction OnCall(const EmulatedCall& call) = 0;

  // True if programs must make system calls for the clock, which the vDSO would answer unheard.
  virtual bool HidesVdso() const { return false; }
  // `child` was made by `creator`; both are tasks, which may be threads of one process.
  virtual void OnTaskMade(pid_t /*creator*/, pid_t /*child*/) {}
  // The process runs another program.
  virtual void OnExec(pid_t /*process*/) {}
  virtual void OnTaskEnded(pid_t /*tid*/) {}

  // What it knows of the run that its settings do not say, for a supervisor that goes on with it;
  // bytes of its own.
  virtual std::string Save() const { return ""; }
  // kInvalidArgument: it is nothing that Save gave.
  virtual absl::Status Restore(absl::string_view /*saved*/) { return absl::OkStatus(); }
  // The run is over: what the settings ask to be kept is kept.
  virtual absl::Status Finish() { return absl::OkStatus(); }

  // Who tells people what the handler cannot do; called once for each different text.
  void SetComplaints(std::function<void(absl::string_view)> complain) {
    complain_ = std::move(complain);
  }

  void Complain(const std::string& what) {
    if (said_.insert(what).second && complain_ != nullptr) complain_(what);
  }

 private:
  std::function<void(absl::string_view)> complain_;
  absl::flat_hash_set<std::string> said_;
};

// What most handlers do with a call that is not theirs after all.
inline Reaction RunAsItIs(const EmulatedCall& call) { return RunCall{call.request()}; }

}  // namespace provost

#endif  // PROVOST_EMULATE_HANDLER_H_

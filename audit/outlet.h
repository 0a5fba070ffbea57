#ifndef PROVOST_AUDIT_OUTLET_H_
#define PROVOST_AUDIT_OUTLET_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace provost {

// A place that formatted events go to: a file, a pipe, syslog, the kernel. One thread at a time.
class Outlet {
 public:
  enum class Progress : uint8_t {
    kDone,
    kBlocked,  // nothing more can be put there without waiting
  };
  // What it is given.
  enum class Text : uint8_t {
    kRecords,        // the event in the format of the log
    kKernelMessage,  // kernel_message.h
  };

  virtual ~Outlet() = default;

  // For messages: "audit log '/var/log/x'", "syslog".
  virtual const std::string& name() const = 0;
  virtual Text text() const { return Text::kRecords; }

  // Puts there what it can of `piece`, the lines of one event, from `sent` on, and moves `sent`.
  // Never waits long. kBlocked: the rest of the same piece comes next. An error means that the
  // piece is not on record; it may be offered again from its start. kFailedPrecondition: nothing
  // ever will be put there again.
  virtual absl::StatusOr<Progress> Put(absl::string_view piece, size_t& sent) = 0;
  // After kBlocked: waits for at most so long for it to be over.
  virtual void Await(int milliseconds) { (void)milliseconds; }
  // What was put there is as safe as it was asked to be.
  virtual absl::Status Flush() { return absl::OkStatus(); }
};

}  // namespace provost

#endif  // PROVOST_AUDIT_OUTLET_H_

#ifndef PROVOST_AUDIT_TESTING_H_
#define PROVOST_AUDIT_TESTING_H_

// What the tests of this room share.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "audit/event.h"
#include "base/call_facts.h"
#include "base/identity.h"

namespace provost {

// A task: cat, run by root from a terminal of user 1000's login.
Identity SomeTask();

// openat, refused with EACCES by the rule "no-shadow". `who` must outlive it.
DecisionEvent SomeDecision(const Identity& who);

// What such a call is about: /etc/shadow, looked up in /root.
CallFacts SomeFacts();
// One of everything that facts can say.
CallFacts EveryFact();

// A path in the test's own directory where nothing is yet.
std::string FreshPath(absl::string_view name);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, absl::string_view text);

// The lines of `text`, without their newlines; fails the test if the last has none.
std::vector<std::string> Lines(absl::string_view text);
// Those of them that are not blank.
std::vector<std::string> Records(absl::string_view text);
// The value of `name=` in a record, up to the next blank; "" if there is none.
std::string Field(absl::string_view record, absl::string_view name);
// The serial in "msg=audit(SEC.mmm:SERIAL)".
uint64_t SerialOf(absl::string_view record);

// Standard output of a shell command that ends with 0 or 1, with times in UTC and plain English.
std::string OutputOf(const std::string& command);

// Forks a child that ends with _exit(0) after `body`.
pid_t Fork(const std::function<void()>& body);
// True if the child ended by exit code 0.
bool EndsWell(pid_t child);
// Runs `body` in a child (which may put limits on itself) and returns what it returns.
std::string InChild(const std::function<std::string()>& body);

// From now on permissions count for this process even if it is root. For children only.
void DropCapabilities();

// Sets the soft limit on the size of files; SIGXFSZ is ignored from then on. For children only:
// a test's own output is a file too.
void LimitFileSize(uint64_t bytes);
void LiftFileSizeLimit();

}  // namespace provost

#endif  // PROVOST_AUDIT_TESTING_H_

// uname(2) and what came before it: the names of the system, as told.

#include <sys/personality.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "emulate/builtin.h"
#include "emulate/settings.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

// The fields of the kernel's structures, in their order (linux/utsname.h).
constexpr std::array<const char*, 6> kFields = {"sysname", "nodename", "release",
                                                "version", "machine",  "domainname"};
constexpr size_t kRelease = 2;

// One of the three layouts: so many fields of so many bytes with their NUL.
struct Layout {
  const char* call;
  size_t fields;
  size_t width;
};
constexpr Layout kLayouts[] = {
    {"uname", 6, 65},       // new_utsname
    {"olduname", 5, 65},    // old_utsname
    {"oldolduname", 5, 9},  // oldold_utsname
};
constexpr size_t kLongest = 64;

// What the kernel makes of its release for programs that ask for 2.6 (UNAME26 in personality(2);
// override_release in kernel/sys.c): 3.x is 2.6.(40+x), and from 4.0 on x.y is 2.6.(60+y), with
// what stands behind the third number.
std::string Release26(const std::string& release) {
  const std::pair<absl::string_view, absl::string_view> major_and_rest =
      absl::StrSplit(release, absl::MaxSplits('.', 1));
  size_t digits = 0;
  while (digits < major_and_rest.second.size() &&
         absl::ascii_isdigit(major_and_rest.second[digits])) {
    ++digits;
  }
  int major = 0;
  int minor = 0;
  if (!absl::SimpleAtoi(major_and_rest.first, &major) || major < 3 ||
      !absl::SimpleAtoi(major_and_rest.second.substr(0, digits), &minor)) {
    return release;
  }
  size_t rest = 0;
  for (int dots = 0; rest < release.size(); ++rest) {
    if (release[rest] == '.' && ++dots >= 3) break;
    if (release[rest] != '.' && !absl::ascii_isdigit(release[rest])) break;
  }
  return absl::StrCat("2.6.", minor + (major == 3 ? 40 : 60), release.substr(rest));
}

class Uname final : public Handler {
 public:
  explicit Uname(const Emulation& told) {
    for (size_t i = 0; i < kFields.size(); ++i) told_[i] = TextTold(told, kFields[i]);
  }

  Reaction OnCall(const EmulatedCall& call) override {
    return RunCall{
        .call = call.request(),
        .then = [this](const EmulatedCall& made, int64_t result) { return Change(made, result); }};
  }

  // The C library asks it for the release.
  bool HidesVdso() const override { return told_[kRelease].has_value(); }

 private:
  Answer Change(const EmulatedCall& call, int64_t result) const {
    if (result < 0) return {result};
    Answer answer = {result};
    for (const Layout& layout : kLayouts) {
      if (call.name() != layout.call) continue;
      for (size_t i = 0; i < layout.fields; ++i) {
        if (!told_[i].has_value()) continue;
        std::string text = *told_[i];
        if (i == kRelease && WantsRelease26(call)) text = Release26(text);
        // What does not fit is cut; the NUL stays.
        text.resize(std::min(text.size(), layout.width - 1));
        text.resize(layout.width, '\0');
        answer.writes.push_back({call.argument(0) + i * layout.width, std::move(text)});
      }
    }
    return answer;
  }

  static bool WantsRelease26(const EmulatedCall& call) {
    const absl::StatusOr<uint64_t> personality = ReadPersonality(call.tid());
    return personality.ok() && (*personality & UNAME26) != 0;
  }

  std::array<std::optional<std::string>, kFields.size()> told_;
};

}  // namespace

EmulatorSpec UnameSpec() {
  EmulatorSpec spec = {.name = "uname",
                       .keys = {},
                       .calls = {"uname", "olduname", "oldolduname"},
                       .what = "the names of the system; what is not told stays the kernel's"};
  constexpr std::array<const char*, kFields.size()> kWhat = {
      "\"Linux\"",
      "the host's name",
      "as in \"2.6.32\"; also hides the vDSO, by which the C library looks it up",
      "as in \"#1 SMP Debian 5.10.1\"",
      "as in \"i686\"",
      "the NIS domain's name"};
  for (size_t i = 0; i < kFields.size(); ++i) {
    spec.keys.push_back({kFields[i], EmulatorKey::Kind::kString, kWhat[i]});
  }
  return spec;
}

absl::StatusOr<std::unique_ptr<Handler>> MakeUname(const Emulation& told) {
  if (told.settings.empty()) {
    return absl::InvalidArgumentError("nothing is told: `with release = \"2.6.32\"`, for example");
  }
  for (const char* field : kFields) {
    const std::optional<std::string> text = TextTold(told, field);
    if (text.has_value() && text->size() > kLongest) {
      return absl::InvalidArgumentError(
          absl::StrCat("`", field, "` has ", text->size(), " bytes: the kernel has ", kLongest));
    }
  }
  return std::make_unique<Uname>(told);
}

}  // namespace provost

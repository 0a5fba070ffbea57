// OCI runtime specification, config-linux.md "Seccomp", and the profile files of Docker and Podman,
// which add archMap, includes, excludes and names of errnos.

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "policy/foreign/importers.h"
#include "policy/foreign/json.h"
#include "policy/foreign/seccomp_rules.h"
#include "policy/foreign/statement_writer.h"
#include "syscalls/constants.h"

namespace provost {
namespace {

using Kind = JsonValue::Kind;

constexpr std::array<std::pair<absl::string_view, SeccompTest::Op>, 7> kOps = {{
    {"SCMP_CMP_NE", SeccompTest::Op::kNe},
    {"SCMP_CMP_LT", SeccompTest::Op::kLt},
    {"SCMP_CMP_LE", SeccompTest::Op::kLe},
    {"SCMP_CMP_EQ", SeccompTest::Op::kEq},
    {"SCMP_CMP_GE", SeccompTest::Op::kGe},
    {"SCMP_CMP_GT", SeccompTest::Op::kGt},
    {"SCMP_CMP_MASKED_EQ", SeccompTest::Op::kMaskedEq},
}};

constexpr std::array<absl::string_view, 10> kTopMembers = {
    "defaultAction", "defaultErrnoRet", "defaultErrno", "architectures",    "archMap",
    "flags",         "listenerPath",    "syscalls",     "listenerMetadata", "comment"};
constexpr std::array<absl::string_view, 10> kCallMembers = {
    "names", "name",     "action",   "errnoRet", "errno",
    "args",  "includes", "excludes", "comment",  "comments"};
constexpr std::array<absl::string_view, 4> kTestMembers = {"index", "value", "valueTwo", "op"};
constexpr std::array<absl::string_view, 3> kFilterMembers = {"caps", "arches", "minKernel"};
constexpr std::array<absl::string_view, 2> kArchMapMembers = {"architecture", "subArchitectures"};

// Other architectures' calls never reach an x86 kernel, so that what is said of them is no loss.
bool IsArchitecture(absl::string_view name) { return absl::StartsWith(name, "SCMP_ARCH_"); }

std::string Release() {
  utsname names = {};
  return uname(&names) == 0 ? names.release : "0.0";
}

// "4.8" as 4, 8; nullopt for what is no version.
std::optional<std::pair<int, int>> Version(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::ByAnyChar(".-+"));
  int major = 0;
  int minor = 0;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &major) ||
      !absl::SimpleAtoi(parts[1], &minor)) {
    return std::nullopt;
  }
  return std::make_pair(major, minor);
}

class OciImporter {
 public:
  OciImporter(const SourceText& source, const ImportOptions& options)
      : options_(options), writer_(source, "an OCI seccomp profile") {}

  absl::StatusOr<Converted> Import() {
    PROVOST_ASSIGN_OR_RETURN(const JsonValue root, ReadJson(writer_.source()));
    PROVOST_RETURN_IF_ERROR(JsonMustBe(root, Kind::kObject, "a profile"));
    PROVOST_ASSIGN_OR_RETURN(const JsonValue* profile, FindProfile(root));
    PROVOST_RETURN_IF_ERROR(KnowMembers(*profile, kTopMembers, "a seccomp profile"));
    PROVOST_RETURN_IF_ERROR(ReadArchitectures(*profile));
    PROVOST_RETURN_IF_ERROR(ReadDefault(*profile));
    PROVOST_RETURN_IF_ERROR(ReadFlags(*profile));
    if (const JsonValue* calls = profile->Find("syscalls")) {
      PROVOST_RETURN_IF_ERROR(JsonMustBe(*calls, Kind::kArray, "`syscalls`"));
      for (const JsonValue& call : calls->items) PROVOST_RETURN_IF_ERROR(ReadCall(call));
    }
    rules_.Write(writer_);
    return std::move(writer_).Finish();
  }

 private:
  // The profile itself, or the part of a whole container configuration (config.json) that is one.
  static absl::StatusOr<const JsonValue*> FindProfile(const JsonValue& root) {
    const JsonValue* linux_part = root.Find("linux");
    if (linux_part == nullptr || root.Find("defaultAction") != nullptr) return &root;
    PROVOST_RETURN_IF_ERROR(JsonMustBe(*linux_part, Kind::kObject, "`linux`"));
    const JsonValue* seccomp = linux_part->Find("seccomp");
    if (seccomp == nullptr) {
      return ErrorAt(linux_part->span, "this container has no `seccomp` profile");
    }
    PROVOST_RETURN_IF_ERROR(JsonMustBe(*seccomp, Kind::kObject, "`seccomp`"));
    return seccomp;
  }

  // Runtimes ignore members they do not know; a misspelt one must not be ignored here.
  static absl::Status KnowMembers(const JsonValue& object,
                                  absl::Span<const absl::string_view> known,
                                  absl::string_view what) {
    for (const JsonValue::Member& member : object.members) {
      if (std::find(known.begin(), known.end(), member.name) != known.end()) continue;
      return ErrorAt(member.span, absl::StrCat(what, " has no `", Printable(member.name), "`"),
                     DidYouMean(Nearest(member.name, known)));
    }
    return absl::OkStatus();
  }

  absl::Status ReadArchitectures(const JsonValue& profile) {
    const JsonValue* list = profile.Find("architectures");
    const JsonValue* map = profile.Find("archMap");
    if (list != nullptr && map != nullptr && !map->items.empty() && !list->items.empty()) {
      return ErrorAt(map->span, "a profile has `architectures` or `archMap`, not both");
    }
    // The native one is always among them; without a list it is alone.
    arches_ = {Arch::kX86_64};
    if (list != nullptr) {
      PROVOST_RETURN_IF_ERROR(JsonMustBe(*list, Kind::kArray, "`architectures`"));
      for (const JsonValue& arch : list->items) PROVOST_RETURN_IF_ERROR(ReadArchitecture(arch));
    }
    if (map != nullptr) PROVOST_RETURN_IF_ERROR(ReadArchMap(*map));
    writer_.Arches(arches_);
    return absl::OkStatus();
  }

  absl::Status ReadArchitecture(const JsonValue& value) {
    PROVOST_ASSIGN_OR_RETURN(const std::string name, JsonString(value, "an architecture"));
    if (!IsArchitecture(name)) {
      return ErrorAt(value.span, "an architecture is named like `SCMP_ARCH_X86_64`");
    }
    if (name == "SCMP_ARCH_X86") {
      if (arches_.size() == 1) arches_.push_back(Arch::kI386);
    } else if (name == "SCMP_ARCH_X32") {
      writer_.Note(value.span.begin, "provost refuses every call of x32");
    } else if (name != "SCMP_ARCH_X86_64") {
      writer_.Note(value.span.begin,
                   absl::StrCat("calls of ", Printable(name), " do not reach an x86 kernel"));
    }
    return absl::OkStatus();
  }

  absl::Status ReadArchMap(const JsonValue& map) {
    PROVOST_RETURN_IF_ERROR(JsonMustBe(map, Kind::kArray, "`archMap`"));
    for (const JsonValue& entry : map.items) {
      PROVOST_RETURN_IF_ERROR(JsonMustBe(entry, Kind::kObject, "an element of `archMap`"));
      PROVOST_RETURN_IF_ERROR(KnowMembers(entry, kArchMapMembers, "an element of `archMap`"));
      const JsonValue* arch = entry.Find("architecture");
      if (arch == nullptr) return ErrorAt(entry.span, "`architecture` is missing here");
      PROVOST_ASSIGN_OR_RETURN(const std::string name, JsonString(*arch, "`architecture`"));
      // Only the native architecture's entry counts.
      if (name != "SCMP_ARCH_X86_64") continue;
      const JsonValue* more = entry.Find("subArchitectures");
      if (more == nullptr) continue;
      PROVOST_RETURN_IF_ERROR(JsonMustBe(*more, Kind::kArray, "`subArchitectures`"));
      for (const JsonValue& sub : more->items) PROVOST_RETURN_IF_ERROR(ReadArchitecture(sub));
    }
    return absl::OkStatus();
  }

  absl::Status ReadFlags(const JsonValue& profile) {
    if (const JsonValue* path = profile.Find("listenerPath")) {
      writer_.Loss(path->span.begin, "`listenerPath`: provost asks no other process");
    }
    const JsonValue* flags = profile.Find("flags");
    if (flags == nullptr) return absl::OkStatus();
    PROVOST_RETURN_IF_ERROR(JsonMustBe(*flags, Kind::kArray, "`flags`"));
    for (const JsonValue& flag : flags->items) {
      PROVOST_ASSIGN_OR_RETURN(const std::string name, JsonString(flag, "a flag"));
      if (name == "SECCOMP_FILTER_FLAG_LOG") {
        writer_.Loss(
            flag.span.begin,
            "SECCOMP_FILTER_FLAG_LOG: the kernel's own log; `logging on` asks for provost's");
      } else if (name != "SECCOMP_FILTER_FLAG_TSYNC" && name != "SECCOMP_FILTER_FLAG_SPEC_ALLOW" &&
                 name != "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") {
        return ErrorAt(flag.span, absl::StrCat("no flag is called `", Printable(name), "`"));
      }
    }
    return absl::OkStatus();
  }

  // The errno beside an action: a number, or a name beside it, which Podman takes before.
  static absl::StatusOr<uint64_t> ReadErrno(const JsonValue& object, absl::string_view number,
                                            absl::string_view name) {
    std::optional<uint64_t> error;
    if (const JsonValue* value = object.Find(number)) {
      PROVOST_ASSIGN_OR_RETURN(error, JsonUnsigned(*value, absl::StrCat("`", number, "`")));
    }
    const JsonValue* named = object.Find(name);
    if (named == nullptr) return error.value_or(EPERM);
    PROVOST_ASSIGN_OR_RETURN(const std::string text,
                             JsonString(*named, absl::StrCat("`", name, "`")));
    if (text.empty()) return error.value_or(EPERM);
    const std::optional<int> by_name = ErrnoByName(text);
    if (!by_name) {
      return ErrorAt(named->span, absl::StrCat("no errno is called `", Printable(text), "`"),
                     DidYouMean(SuggestErrno(text)));
    }
    if (error && *error != static_cast<uint64_t>(*by_name)) {
      return ErrorAt(named->span, absl::StrCat("`", name, "` and `", number, "` do not agree"));
    }
    return *by_name;
  }

  // nullopt: a loss, which is written down.
  absl::StatusOr<std::optional<Verdict>> ReadAction(const JsonValue& action, uint64_t error) {
    PROVOST_ASSIGN_OR_RETURN(const std::string name, JsonString(action, "an action"));
    if (name == "SCMP_ACT_ALLOW") return Allow{};
    if (name == "SCMP_ACT_LOG") return Log{};
    if (name == "SCMP_ACT_TRAP") return Trap{};
    if (name == "SCMP_ACT_KILL_PROCESS") return Kill{Kill::Scope::kProcess};
    if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") {
      return Kill{Kill::Scope::kThread};
    }
    if (name == "SCMP_ACT_ERRNO") {
      const Sayable deny = DenyWith(error & 0xffff);
      if (!deny.why_not.empty()) writer_.Loss(action.span.begin, deny.why_not);
      return deny.verdict;
    }
    if (name == "SCMP_ACT_TRACE" || name == "SCMP_ACT_NOTIFY") {
      // Without the process that answers, the kernel says ENOSYS.
      writer_.Loss(action.span.begin,
                   absl::StrCat(name,
                                " asks another process; `deny ENOSYS`, which is the kernel's "
                                "answer when there is none, in its place"));
      return Deny{ENOSYS};
    }
    return ErrorAt(action.span, absl::StrCat("no action is called `", Printable(name), "`"),
                   {"actions are SCMP_ACT_ALLOW, _ERRNO, _KILL, _KILL_THREAD, _KILL_PROCESS, _LOG, "
                    "_NOTIFY, _TRACE and _TRAP"});
  }

  absl::Status ReadDefault(const JsonValue& profile) {
    const JsonValue* action = profile.Find("defaultAction");
    if (action == nullptr) return ErrorAt(profile.span, "`defaultAction` is missing here");
    PROVOST_ASSIGN_OR_RETURN(default_errno_, ReadErrno(profile, "defaultErrnoRet", "defaultErrno"));
    PROVOST_ASSIGN_OR_RETURN(const std::optional<Verdict> verdict,
                             ReadAction(*action, default_errno_));
    default_ = *verdict;
    writer_.Default(default_);
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Includes(const JsonValue& filter, bool excludes) {
    absl::string_view what = excludes ? "`excludes`" : "`includes`";
    PROVOST_RETURN_IF_ERROR(JsonMustBe(filter, Kind::kObject, what));
    PROVOST_RETURN_IF_ERROR(KnowMembers(filter, kFilterMembers, what));
    bool all = true;
    bool any = false;
    const auto count = [&](bool holds) {
      all = all && holds;
      any = any || holds;
    };
    if (const JsonValue* arches = filter.Find("arches")) {
      PROVOST_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                               JsonStrings(*arches, "`arches`"));
      if (!names.empty()) {
        count(std::find(names.begin(), names.end(), "amd64") != names.end());
      }
    }
    if (const JsonValue* caps = filter.Find("caps")) {
      PROVOST_ASSIGN_OR_RETURN(const std::vector<std::string> names, JsonStrings(*caps, "`caps`"));
      for (const std::string& name : names) {
        const bool held = std::find(options_.capabilities.begin(), options_.capabilities.end(),
                                    name) != options_.capabilities.end();
        if (!held && told_.insert(name).second) {
          writer_.Note(caps->span.begin, absl::StrCat("read as for a container without ",
                                                      Printable(name), " (see --capability)"));
        }
        count(held);
      }
    }
    if (const JsonValue* kernel = filter.Find("minKernel")) {
      PROVOST_ASSIGN_OR_RETURN(const std::string text, JsonString(*kernel, "`minKernel`"));
      const auto wanted = Version(text);
      if (!wanted) return ErrorAt(kernel->span, "`minKernel` is a version such as \"4.8\"");
      count(Version(Release()).value_or(std::make_pair(0, 0)) >= *wanted);
    }
    return excludes ? !any : all;
  }

  absl::Status ReadCall(const JsonValue& call) {
    PROVOST_RETURN_IF_ERROR(JsonMustBe(call, Kind::kObject, "an element of `syscalls`"));
    PROVOST_RETURN_IF_ERROR(KnowMembers(call, kCallMembers, "an element of `syscalls`"));
    PROVOST_ASSIGN_OR_RETURN(const std::vector<std::string> names, ReadNames(call));
    PROVOST_ASSIGN_OR_RETURN(const uint64_t error, ReadErrno(call, "errnoRet", "errno"));
    const JsonValue* action = call.Find("action");
    if (action == nullptr) return ErrorAt(call.span, "`action` is missing here");
    std::vector<SeccompTest> tests;
    if (const JsonValue* args = call.Find("args")) {
      PROVOST_RETURN_IF_ERROR(JsonMustBe(*args, Kind::kArray, "`args`"));
      for (const JsonValue& arg : args->items) {
        PROVOST_ASSIGN_OR_RETURN(const SeccompTest test, ReadTest(arg));
        tests.push_back(test);
      }
    }
    bool counts = true;
    for (const bool excludes : {false, true}) {
      const JsonValue* filter = call.Find(excludes ? "excludes" : "includes");
      if (filter == nullptr) continue;
      PROVOST_ASSIGN_OR_RETURN(const bool holds, Includes(*filter, excludes));
      counts = counts && holds;
    }
    if (!counts) return absl::OkStatus();
    PROVOST_ASSIGN_OR_RETURN(const std::optional<Verdict> verdict, ReadAction(*action, error));
    // What does as the default does is no rule: runtimes leave it out.
    if (*verdict != default_) AddRules(call, *verdict, names, tests);
    return absl::OkStatus();
  }

  static absl::StatusOr<std::vector<std::string>> ReadNames(const JsonValue& call) {
    const JsonValue* name = call.Find("name");
    const JsonValue* names = call.Find("names");
    if ((name == nullptr) == (names == nullptr)) {
      return ErrorAt(call.span, "a rule has `names`, or, in the old form, `name`");
    }
    if (names != nullptr) return JsonStrings(*names, "`names`");
    PROVOST_ASSIGN_OR_RETURN(std::string one, JsonString(*name, "`name`"));
    return std::vector<std::string>{std::move(one)};
  }

  // Comparisons of one entry are joined by and; where two are of one argument, each is a rule of
  // its own, so that they are joined by or.
  void AddRules(const JsonValue& call, const Verdict& verdict,
                const std::vector<std::string>& names, const std::vector<SeccompTest>& tests) {
    bool twice = false;
    for (size_t i = 0; i < tests.size(); ++i) {
      for (size_t j = 0; j < i; ++j) twice = twice || tests[i].arg == tests[j].arg;
    }
    if (!twice) {
      rules_.Add(call.span.begin, verdict, names, tests);
      return;
    }
    for (const SeccompTest& test : tests) rules_.Add(call.span.begin, verdict, names, {test});
  }

  static absl::StatusOr<SeccompTest> ReadTest(const JsonValue& arg) {
    PROVOST_RETURN_IF_ERROR(JsonMustBe(arg, Kind::kObject, "an element of `args`"));
    PROVOST_RETURN_IF_ERROR(KnowMembers(arg, kTestMembers, "an element of `args`"));
    const JsonValue* index = arg.Find("index");
    const JsonValue* op = arg.Find("op");
    if (index == nullptr || op == nullptr) {
      return ErrorAt(arg.span, "an element of `args` has `index`, `value` and `op`");
    }
    SeccompTest test = {};
    PROVOST_ASSIGN_OR_RETURN(const uint64_t number, JsonUnsigned(*index, "`index`"));
    if (number > 5) return ErrorAt(index->span, "`index` is from 0 to 5");
    test.arg = static_cast<int>(number);
    PROVOST_ASSIGN_OR_RETURN(const std::string name, JsonString(*op, "`op`"));
    const auto* known = std::find_if(kOps.begin(), kOps.end(),
                                     [&name](const auto& entry) { return entry.first == name; });
    if (known == kOps.end()) {
      return ErrorAt(op->span, absl::StrCat("no comparison is called `", Printable(name), "`"));
    }
    test.op = known->second;
    if (const JsonValue* value = arg.Find("value")) {
      PROVOST_ASSIGN_OR_RETURN(test.value, JsonUnsigned(*value, "`value`"));
    }
    if (const JsonValue* second = arg.Find("valueTwo")) {
      PROVOST_ASSIGN_OR_RETURN(test.second, JsonUnsigned(*second, "`valueTwo`"));
    }
    return test;
  }

  const ImportOptions& options_;
  StatementWriter writer_;
  SeccompRules rules_;
  std::vector<Arch> arches_;
  Verdict default_;
  uint64_t default_errno_ = EPERM;
  std::set<std::string> told_;
};

}  // namespace

absl::StatusOr<Converted> ImportOci(const SourceText& source, const ImportOptions& options) {
  return OciImporter(source, options).Import();
}

}  // namespace provost

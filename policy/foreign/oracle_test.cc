// Imported policies held against what their own programs make of them: snap-seccomp's filter, and
// libseccomp's for OCI profiles. Exported OCI profiles are read back by libseccomp.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "policy/bpf.h"
#include "policy/foreign/foreign.h"
#include "policy/foreign/sampling.h"
#include "policy/parser.h"

namespace provost {
namespace {

using Filter = std::vector<sock_filter>;
using Json = nlohmann::json;

constexpr int kSamples = 5000;
constexpr uint32_t kSeed = 20260222;
constexpr char kSnapSeccomp[] = "/usr/lib/snapd/snap-seccomp";
constexpr char kContainersProfile[] = "/usr/share/containers/seccomp.json";

std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path << ": tools/test installs it";
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Filter AsFilter(const std::string& bytes) {
  Filter filter(bytes.size() / sizeof(sock_filter));
  std::copy_n(bytes.data(), filter.size() * sizeof(sock_filter),
              reinterpret_cast<char*>(filter.data()));
  return filter;
}

absl::StatusOr<Policy> ImportFile(PolicyFormat format, const std::string& path,
                                  Converted* converted) {
  PROVOST_ASSIGN_OR_RETURN(*converted, ImportPolicy(format, Slurp(path), path, ImportOptions()));
  PROVOST_ASSIGN_OR_RETURN(ParsedPolicy parsed, ParsePolicyText(converted->text, path));
  return parsed.policy;
}

// True for the calls on which provost differs from every other filter, and says so: calls that it
// never refuses, and calls that this libseccomp does not know (it knows none newer than its tables,
// and so leaves rules for them out).
bool IsExplained(const SyscallRequest& request) {
  const Arch arch = static_cast<Arch>(request.arch);
  if (Policy::IsNeverRefused(arch, request.nr)) return true;
  const Syscall* syscall = SyscallTable::Get().Find(request);
  return seccomp_syscall_resolve_name(std::string(syscall->signature->name).c_str()) ==
         __NR_SCMP_ERROR;
}

// The difference that is left, and it is libseccomp's: filters that 2.5.4 makes for x86_64 and i386
// together share comparisons between them, sometimes without the load before. Here, where the
// high word of the second argument is not SOCK_STREAM's 0, the filter goes on to ask whether what
// it has loaded is AF_UNIX, 1, and what it has loaded is still that high word. The same rules for
// x86_64 alone are right. So `socket AF_INET SOCK_STREAM` also lets socket(AF_INET, 0x1xxxxxxxx, …)
// through.
bool IsSharedComparison(const SyscallRequest& request, const std::string& what) {
  const Syscall* syscall = SyscallTable::Get().Find(request);
  return what == "sockets" && request.IsX86_64() && syscall->signature->name == "socket" &&
         request.args[0] == 2 && request.args[1] >> 32 == 1;
}

// Conditions on arguments of what socketcall and ipc are asked to do: provost compares the
// arguments of that call, where they stand; libseccomp compares the registers of socketcall and ipc
// in their place, which hold something else.
bool IsMultiplexer(const SyscallRequest& request) {
  const absl::string_view name = SyscallTable::Get().Find(request)->signature->name;
  return request.IsI386() && (name == "socketcall" || name == "ipc");
}

// Decides kSamples calls by the policy and by the filter.
void ExpectAgreement(const Policy& policy, const Filter& filter, const std::string& what) {
  CallSampler sampler(policy, kSeed);
  int compared = 0;
  int let_run = 0;
  for (int i = 0; i < kSamples; ++i) {
    const SyscallRequest request = sampler.Next();
    if (IsExplained(request)) continue;
    ++compared;
    PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t theirs, RunBpf(filter, ToSeccompData(request)));
    const uint32_t ours = ActionOf(DecideWithoutMemory(policy, request));
    if (ours == SECCOMP_RET_ALLOW) ++let_run;
    if (theirs != ours && (IsSharedComparison(request, what) || IsMultiplexer(request))) continue;
    ASSERT_EQ(SeccompActionToString(theirs), SeccompActionToString(ours))
        << what << ": " << DescribeCall(request);
  }
  EXPECT_GT(compared, kSamples * 8 / 10) << what;
  EXPECT_GT(compared, let_run) << what;
}

// libseccomp's filter for an OCI profile without includes and excludes, made as the runtimes make
// it.
class LibseccompFilter {
 public:
  explicit LibseccompFilter(const Json& profile)
      : default_(Action(profile["defaultAction"], profile.value("defaultErrnoRet", 1))),
        context_(seccomp_init(default_)) {
    for (const Json& arch : profile["architectures"]) {
      if (arch == "SCMP_ARCH_X86") {
        EXPECT_EQ(seccomp_arch_add(context_, SCMP_ARCH_X86), 0);
      }
    }
    for (const Json& entry : profile["syscalls"]) Add(entry);
  }
  ~LibseccompFilter() { seccomp_release(context_); }
  LibseccompFilter(const LibseccompFilter&) = delete;
  LibseccompFilter& operator=(const LibseccompFilter&) = delete;

  Filter Export() const {
    const UniqueFd file(memfd_create("filter", MFD_CLOEXEC));
    EXPECT_EQ(seccomp_export_bpf(context_, file.get()), 0);
    std::string bytes(lseek(file.get(), 0, SEEK_END), '\0');
    EXPECT_EQ(pread(file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return AsFilter(bytes);
  }

 private:
  static uint32_t Action(const std::string& name, int error) {
    static const auto* const kActions =
        new std::map<std::string, uint32_t>{{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
                                            {"SCMP_ACT_LOG", SCMP_ACT_LOG},
                                            {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
                                            {"SCMP_ACT_KILL", SCMP_ACT_KILL},
                                            {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
                                            {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS}};
    const auto found = kActions->find(name);
    return found != kActions->end() ? found->second : SCMP_ACT_ERRNO(error);
  }

  static scmp_compare Op(const std::string& name) {
    static const auto* const kOps =
        new std::map<std::string, scmp_compare>{{"SCMP_CMP_NE", SCMP_CMP_NE},
                                                {"SCMP_CMP_LT", SCMP_CMP_LT},
                                                {"SCMP_CMP_LE", SCMP_CMP_LE},
                                                {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                                                {"SCMP_CMP_GE", SCMP_CMP_GE},
                                                {"SCMP_CMP_GT", SCMP_CMP_GT},
                                                {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
    return kOps->at(name);
  }

  void Add(const Json& entry) {
    const uint32_t action = Action(entry["action"], entry.value("errnoRet", 1));
    if (action == default_) return;
    std::vector<scmp_arg_cmp> tests;
    if (entry.contains("args") && entry["args"].is_array()) {
      for (const Json& arg : entry["args"]) {
        tests.push_back({arg["index"].get<unsigned>(), Op(arg["op"]), arg["value"].get<uint64_t>(),
                         arg.value("valueTwo", uint64_t{0})});
      }
    }
    for (const Json& name : entry["names"]) {
      const int nr = seccomp_syscall_resolve_name(name.get<std::string>().c_str());
      if (nr == __NR_SCMP_ERROR) continue;
      EXPECT_EQ(seccomp_rule_add_array(context_, action, nr, tests.size(), tests.data()), 0)
          << entry;
    }
  }

  uint32_t default_;
  scmp_filter_ctx context_;
};

// What Podman keeps of its profile for a container without capabilities on amd64.
Json ForNoCapabilities(const Json& profile) {
  Json kept = profile;
  kept["architectures"] = Json::array({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"});
  kept["syscalls"] = Json::array();
  for (const Json& entry : profile["syscalls"]) {
    const Json includes = entry.contains("includes") ? entry["includes"] : Json::object();
    if (includes.contains("caps") && !includes["caps"].empty()) continue;
    if (includes.contains("arches") && !includes["arches"].empty()) {
      const auto& arches = includes["arches"];
      if (std::find(arches.begin(), arches.end(), "amd64") == arches.end()) continue;
    }
    kept["syscalls"].push_back(entry);
  }
  return kept;
}

TEST(OciOracle, TheProfileOfContainers) {
  Converted converted;
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy,
                               ImportFile(PolicyFormat::kOci, kContainersProfile, &converted));
  EXPECT_TRUE(converted.losses.empty()) << converted.losses[0].message;
  const Json profile = ForNoCapabilities(Json::parse(Slurp(kContainersProfile)));
  ExpectAgreement(policy, LibseccompFilter(profile).Export(), "imported");

  PROVOST_ASSERT_OK_AND_ASSIGN(const Converted written, ExportPolicy(PolicyFormat::kOci, policy));
  for (const PlacedNote& loss : written.losses) ADD_FAILURE() << loss.message;
  ExpectAgreement(policy, LibseccompFilter(Json::parse(written.text)).Export(), "exported");
}

class SnapOracle : public testing::TestWithParam<const char*> {};

TEST_P(SnapOracle, Agrees) {
  const std::string path = absl::StrCat("policy/foreign/testdata/", GetParam(), ".snap");
  Converted converted;
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy policy,
                               ImportFile(PolicyFormat::kSnap, path, &converted));
  for (const PlacedNote& loss : converted.losses) ADD_FAILURE() << loss.message;
  const std::string out = absl::StrCat(testing::TempDir(), "/", GetParam(), ".bin");
  const std::string command = absl::StrCat(kSnapSeccomp, " compile ", path, " ", out);
  ASSERT_EQ(system(command.c_str()), 0) << command;
  const std::string bytes = Slurp(out);
  if (bytes == "@unrestricted\n") {
    EXPECT_EQ(policy.default_rule().verdict, Verdict(Allow{}));
    EXPECT_TRUE(policy.rules().empty());
    return;
  }
  ExpectAgreement(policy, AsFilter(bytes), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Profiles, SnapOracle,
                         testing::Values("plain", "directives", "unrestricted", "operators",
                                         "masks", "sockets", "ids", "duplicates", "old_names",
                                         "complain_with_rules"),
                         [](const auto& profile) { return std::string(profile.param); });

// Our own policies as OCI profiles: libseccomp's filter of what was written decides as we do.
TEST(OciOracle, OrderedRulesWithoutOrder) {
  for (const char* text : {
           "default deny EPERM\nallow read if fd == 0\ndeny EACCES read if fd in 5..300\nallow "
           "read\n",
           "default allow\ndeny EPERM openat if (flags & O_ACCMODE) != O_RDONLY\n"
           "kill process ptrace\ndeny EACCES kill if sig == SIGKILL && pid > 1\n",
           "default deny ENOSYS\nallow read, write, close if fd <= 2\ntrap read if fd == "
           "0xffffffff\n"
           "deny EBADF read\nallow mmap2 if prot only PROT_READ|PROT_WRITE\nlog getpid\n",
           "arch x86_64\ndefault deny EPERM\nallow lseek if offset < 4096 && whence == SEEK_SET\n"
           "allow mprotect if !(prot has PROT_WRITE|PROT_EXEC)\nallow read if arg2 > 0x100000002\n"
           "allow read if arg2 < 1\nreturn 0 getuid\n",
       }) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const ParsedPolicy parsed, ParsePolicyText(text, "test"));
    PROVOST_ASSERT_OK_AND_ASSIGN(const Converted written,
                                 ExportPolicy(PolicyFormat::kOci, parsed.policy));
    for (const PlacedNote& loss : written.losses) ADD_FAILURE() << loss.message << "\n" << text;
    const Filter filter = LibseccompFilter(Json::parse(written.text)).Export();
    CallSampler sampler(parsed.policy, kSeed);
    for (int i = 0; i < kSamples; ++i) {
      const SyscallRequest request = sampler.Next();
      if (IsExplained(request)) continue;
      // Calls by architectures that are not ruled die under libseccomp and get ENOSYS here.
      if (!parsed.policy.Lists(static_cast<Arch>(request.arch))) continue;
      PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t theirs, RunBpf(filter, ToSeccompData(request)));
      const uint32_t ours = ActionOf(DecideWithoutMemory(parsed.policy, request));
      ASSERT_EQ(SeccompActionToString(theirs), SeccompActionToString(ours))
          << DescribeCall(request) << "\n"
          << text;
    }
  }
}

}  // namespace
}  // namespace provost

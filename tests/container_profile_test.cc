// A container runtime loads the profile that `provost export oci` writes, and its containers see
// the same answers as under the profile that was imported.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using Json = nlohmann::json;

constexpr char kRuntime[] = "/usr/bin/crun";
constexpr char kProfile[] = "/usr/share/containers/seccomp.json";

Ended Provost(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Runfile("tools/cli/provost"));
  return RunNatively(arguments);
}

// Calls that do not come back, make a process, wait for something, answer with a random number
// (brk), or (uretprobe, uprobe) are a
// signal to programs that do not expect them.
const std::set<int>& NotCalled() {
  static const std::set<int> calls = {12, 15, 34, 57, 58, 60, 130, 219, 231, 335, 336};
  return calls;
}

// Every other number with arguments that nothing accepts, and some whose arguments decide.
std::vector<std::string> Calls() {
  std::vector<std::string> calls;
  for (int nr = 0; nr < 470; ++nr) {
    if (NotCalled().count(nr) == 0) calls.push_back(absl::StrCat(nr));
  }
  for (const char* number : {"0", "8", "0x20000", "0x20008", "0xffffffff", "0x100000000", "5"}) {
    calls.push_back(absl::StrCat("135:", number));  // personality
  }
  for (const char* family : {"1", "16", "38", "40", "0x100000028", "41"}) {
    calls.push_back(absl::StrCat("41:", family, ":0x7f:0"));  // socket, of no type there is
  }
  for (const char* flags : {"0x7e020000", "0x10000000", "0x80000000"}) {
    calls.push_back(absl::StrCat("272:", flags));  // unshare
  }
  return calls;
}

// What crun(1) calls a bundle: a root directory with the victim in it, and a configuration. The
// container has namespaces of its own for mounts, processes and IPC, and no capabilities: msgget(2)
// with these arguments makes a queue, which the next container must not find.
class Bundle {
 public:
  explicit Bundle(absl::string_view name) : path_(TemporaryPath(name)) {
    for (const char* directory : {"bin", "dev", "proc", "sys"}) {
      std::filesystem::create_directories(absl::StrCat(path_, "/rootfs/", directory));
    }
    std::filesystem::copy_file(Victim("prints_answers"), path_ + "/rootfs/bin/victim");
  }

  Ended Run(Json profile, const std::vector<std::string>& calls) const {
    std::vector<std::string> args = {"/bin/victim"};
    args.insert(args.end(), calls.begin(), calls.end());
    const Json config = {
        {"ociVersion", "1.0.0"},
        {"process",
         {{"terminal", false},
          {"user", {{"uid", 0}, {"gid", 0}}},
          {"args", args},
          {"env", Json::array()},
          {"cwd", "/"},
          {"noNewPrivileges", true}}},
        {"root", {{"path", "rootfs"}, {"readonly", true}}},
        {"mounts", Json::array()},
        {"linux",
         {{"namespaces", {{{"type", "mount"}}, {{"type", "pid"}}, {{"type", "ipc"}}}},
          {"seccomp", std::move(profile)}}}};
    std::ofstream(path_ + "/config.json") << config.dump(1);
    // crun wants to see one hierarchy of control groups, which it then leaves alone.
    constexpr char kMounts[] =
        "mount -t tmpfs none /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec \"$@\"";
    return RunNatively({"/usr/bin/unshare", "-m", "/bin/sh", "-c", kMounts, "sh", kRuntime,
                        "--root", path_ + "/state", "--cgroup-manager=disabled", "run", "-b", path_,
                        absl::StrCat("provost-test-", getpid())});
  }

 private:
  std::string path_;
};

// The profile as a runtime sees it for a container without capabilities on x86_64: `includes` and
// `excludes` are for the engines above it.
Json ForRuntime(const Json& profile) {
  const auto names_arch = [](const Json& condition) {
    const Json arches = condition.value("arches", Json::array());
    return std::find(arches.begin(), arches.end(), "amd64") != arches.end();
  };
  Json made = {{"defaultAction", profile["defaultAction"]},
               {"architectures", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}},
               {"syscalls", Json::array()}};
  if (profile.contains("defaultErrnoRet")) made["defaultErrnoRet"] = profile["defaultErrnoRet"];
  for (Json group : profile["syscalls"]) {
    const Json includes = group.value("includes", Json::object());
    const Json excludes = group.value("excludes", Json::object());
    if (!includes.value("caps", Json::array()).empty()) continue;
    if (!includes.value("arches", Json::array()).empty() && !names_arch(includes)) continue;
    if (names_arch(excludes)) continue;
    for (const char* beyond : {"includes", "excludes", "comment", "errno"}) group.erase(beyond);
    made["syscalls"].push_back(std::move(group));
  }
  return made;
}

std::set<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

TEST(ContainerProfileTest, TheRuntimeLoadsWhatIsExported) {
  ASSERT_EQ(access(kRuntime, X_OK), 0) << "install the package crun";
  ASSERT_EQ(access(kProfile, R_OK), 0) << "install golang-github-containers-common";
  if (geteuid() != 0) GTEST_SKIP() << "a container without a user namespace takes root";
  const Ended imported = Provost({"import", "oci", kProfile});
  ASSERT_EQ(imported.exit_code, 0) << imported;
  const std::string policy = TemporaryPath("profile.policy");
  std::ofstream(policy) << imported.out;
  const Ended exported = Provost({"export", "oci", policy});
  ASSERT_EQ(exported.exit_code, 0) << exported;

  const std::vector<std::string> calls = Calls();
  const Bundle bundle("bundle");
  const Ended original = bundle.Run(ForRuntime(Json::parse(ReadFile(kProfile))), calls);
  ASSERT_EQ(original.exit_code, 0) << original;
  const Ended ours = bundle.Run(Json::parse(exported.out), calls);
  ASSERT_EQ(ours.exit_code, 0) << ours;
  EXPECT_THAT(Lines(ours.out), testing::ContainerEq(Lines(original.out)));
  EXPECT_EQ(Lines(ours.out).size(), calls.size());
  // The profile does refuse: with ENOSYS by default, with EPERM by its own rules, some by argument.
  EXPECT_EQ(Lines(ours.out).count("135:5 -38"), 1U) << ours;
  EXPECT_EQ(Lines(ours.out).count("135:8 0"), 1U) << ours;
}

}  // namespace
}  // namespace provost

#include "tests/support/victims.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace provost {

std::string Runfile(absl::string_view path) {
  const char* runfiles = getenv("TEST_SRCDIR");
  const char* workspace = getenv("TEST_WORKSPACE");
  // Bazel starts a test in its runfiles.
  if (runfiles == nullptr || workspace == nullptr) {
    return std::filesystem::absolute(std::string(path)).string();
  }
  return absl::StrCat(runfiles, "/", workspace, "/", path);
}

std::string Victim(absl::string_view name) {
  return Runfile(absl::StrCat("tests/victims/bin/", name));
}

std::string TemporaryPath(absl::string_view name) {
  return absl::StrCat(testing::TempDir(), "/provost-", getpid(), "-", name);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace provost

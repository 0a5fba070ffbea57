// `provost import`, `provost export` and -p with policies in other languages: what is printed
// where, and exit statuses.

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

Ended Provost(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), Runfile("tools/cli/provost"));
  return RunNatively(arguments);
}

std::string FileWith(const std::string& name, const std::string& text) {
  std::string path = TemporaryPath(name);
  std::ofstream(path) << text;
  return path;
}

#define EXPECT_HAS(text, part) \
  EXPECT_TRUE(absl::StrContains(text, part)) << (text) << "\nlacks\n" << (part)

TEST(ImportCommandTest, PrintsAPolicy) {
  const std::string file = FileWith("app.src", "getpid\n~getppid\nno_such_call\n");
  const Ended ended = Provost({"import", "snap", file});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_HAS(ended.out, "default deny EPERM\n");
  EXPECT_HAS(ended.out, "\ndeny EACCES getppid as \"");
  EXPECT_HAS(ended.out, "app.src:2\"\n");
  EXPECT_HAS(ended.err, absl::StrCat(file, ":3:1: note: "));
  const std::string imported = FileWith("app.policy", ended.out);
  EXPECT_EQ(Provost({"check", imported}).exit_code, 0);
}

TEST(ImportCommandTest, LossesAreStatus3UnlessLossy) {
  const std::string file = FileWith("loss.policy", "ALLOW { getpid, read { fd == count } }\n");
  const Ended strict = Provost({"import", "kafel", file});
  EXPECT_EQ(strict.exit_code, 3) << strict;
  EXPECT_EQ(strict.out, "");
  EXPECT_HAS(strict.err, absl::StrCat(file, ":1:17: loss: "));
  const Ended lossy = Provost({"import", "--lossy", "kafel", file});
  EXPECT_EQ(lossy.exit_code, 0) << lossy;
  EXPECT_HAS(lossy.out, "allow getpid");
  EXPECT_HAS(lossy.err, "loss: ");
}

TEST(ImportCommandTest, WrongUseIsStatus2) {
  const std::string broken = FileWith("broken.json", "{\n  \"defaultAction\": 5\n}\n");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"import"},
           {"import", "oci"},
           {"import", "nonsense", broken},
           {"import", "provost", broken},
           {"import", "oci", "/nonexistent"},
           {"import", "oci", "/"},
           {"import", "oci", broken},
           {"export", "oci"},
           {"export", "kafel", "-e", "default allow"},
           {"export", "oci", "/nonexistent"},
           {"check", "oci:/nonexistent"},
           {"check", absl::StrCat("oci:", broken)},
       }) {
    const Ended ended = Provost(arguments);
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_EQ(ended.out, "");
    EXPECT_NE(ended.err, "");
  }
  EXPECT_HAS(Provost({"import", "oci", broken}).err, ":2:20: error: ");
}

TEST(ImportCommandTest, ListsLanguages) {
  const Ended ended = Provost({"import", "--list"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  for (const char* name : {"oci", "snap", "systemd", "minijail", "strace", "kafel", "provost"}) {
    EXPECT_HAS(ended.out, name);
  }
}

TEST(ExportCommandTest, PrintsOtherLanguages) {
  const Ended oci = Provost({"export", "oci", "-e", "default deny EPERM", "-e", "allow getpid"});
  EXPECT_EQ(oci.exit_code, 0) << oci;
  EXPECT_HAS(oci.out, "\"defaultAction\": \"SCMP_ACT_ERRNO\"");
  const std::string file = FileWith("a.policy", "default deny EPERM\nallow getpid if arg0 == 1\n");
  const Ended snap = Provost({"export", "snap", file});
  EXPECT_EQ(snap.exit_code, 0) << snap;
  EXPECT_HAS(snap.out, "getpid 1\n");
  const Ended loss = Provost({"export", "snap", "-e", "return 5 getpid"});
  EXPECT_EQ(loss.exit_code, 3) << loss;
  EXPECT_EQ(loss.out, "");
  EXPECT_EQ(Provost({"export", "snap", "--lossy", "-e", "return 5 getpid"}).exit_code, 0);
}

TEST(AnyLanguageTest, RunTakesOtherLanguages) {
  const std::string victim = Victim("getppid_answers");
  const std::string plain = FileWith("fault", "inject=getppid:error=EACCES\n");
  const Ended seen = Provost({"run", "-p", plain, "--", victim, "-13"});
  EXPECT_EQ(seen.exit_code, 0) << seen;
  EXPECT_HAS(seen.err, "read as strace");
  const Ended named = Provost({"run", "-p", absl::StrCat("strace:", plain), "--", victim, "-13"});
  EXPECT_EQ(named.exit_code, 0) << named;
  EXPECT_EQ(named.err, "");
  const Ended ours = Provost({"check", absl::StrCat("provost:", plain)});
  EXPECT_EQ(ours.exit_code, 2) << ours;
  const std::string loss = FileWith("loss", "inject=getppid:signal=SIGINT\n");
  const Ended refused = Provost({"run", "-p", loss, "--", victim, "-13"});
  EXPECT_EQ(refused.exit_code, 2) << refused;
  EXPECT_HAS(refused.err, "loss: ");
}

}  // namespace
}  // namespace provost

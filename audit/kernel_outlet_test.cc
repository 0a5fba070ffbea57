#include "audit/kernel_outlet.h"

#include <libaudit.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "audit/event.h"
#include "audit/kernel_audit_as.h"
#include "audit/log_sink.h"
#include "audit/open_outlet.h"
#include "audit/testing.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace provost {
namespace {

using testing::HasSubstr;

constexpr int kPatience = 10'000;  // milliseconds

std::string Told(const absl::Status& status) { return status.ok() ? "OK" : status.ToString(); }

int Enabled() {
  const UniqueFd audit(audit_open());
  return audit_is_enabled(audit.get());
}

TEST(KernelOutlet, SaysWhatItTakes) {
  const std::string error = InChild([] {
    DropCapabilities();
    return Told(KernelOutlet::Open().status());
  });
  EXPECT_EQ(error,
            "PERMISSION_DENIED: cannot write to the kernel's audit: it takes the capability "
            "CAP_AUDIT_WRITE; run as root, or give it to provost");
  // Root of a user namespace has the capability, and it counts for nothing.
  const std::string refused = InChild([]() -> std::string {
    if (unshare(CLONE_NEWUSER) != 0) return "no user namespaces";
    absl::StatusOr<KernelOutlet> outlet = KernelOutlet::Open();
    if (!outlet.ok()) return Told(outlet.status());
    size_t sent = 0;
    return Told(outlet->Put("op=seccomp\n", sent).status());
  });
  EXPECT_THAT(refused, HasSubstr("it takes records from the initial user namespace alone"));
}

TEST(KernelOutlet, RecordsArriveInTheMachinesOwnLog) {
  const int before = Enabled();
  {
    KernelAuditAs audit(true);
    if (!audit.lacking().empty()) GTEST_SKIP() << audit.lacking();
    PROVOST_ASSERT_OK_AND_ASSIGN(OpenedOutlet opened, OpenOutlet({OutletSpec::Kind::kKernel}, {}));
    EXPECT_EQ(opened.remark, "");
    LogSink sink({});
    sink.Add(std::move(opened.outlet));
    Identity who = SomeTask();
    who.comm = "it's";
    who.pid = getpid();
    PROVOST_ASSERT_OK(sink.Write(SomeDecision(who)));
    const std::string mark = absl::StrCat("opid=", getpid(), " ");
    const std::string record = audit.Await(AUDIT_TRUSTED_APP, mark, kPatience);
    EXPECT_TRUE(absl::StartsWith(record, "audit(")) << record;
    EXPECT_THAT(record, HasSubstr("msg='op=seccomp verdict=deny call=openat key=\"no-shadow\" "
                                  "result=EACCES opid="));
    EXPECT_THAT(record, HasSubstr(" ocomm=69742773 oexe=\"/usr/bin/cat\""));
    EXPECT_TRUE(absl::EndsWith(record, "hostname=? addr=? terminal=? res=success'")) << record;

    sink.CountLost(3);
    PROVOST_ASSERT_OK(sink.Write(SomeDecision(who)));
    const std::string lost = audit.Await(AUDIT_TRUSTED_APP, "op=events-lost lost=3 ", kPatience);
    EXPECT_TRUE(absl::EndsWith(lost, " res=failed'")) << lost;
    EXPECT_NE(audit.Await(AUDIT_TRUSTED_APP, mark, kPatience), "");

    // What a reader makes of it.
    const std::string log = FreshPath("kernel.log");
    WriteFile(log, absl::StrCat("type=TRUSTED_APP msg=", record, "\n"));
    const std::string found =
        OutputOf(absl::StrCat("ausearch -if '", log, "' -m TRUSTED_APP -sv yes -i </dev/null"));
    EXPECT_THAT(found, HasSubstr("verdict=deny call=openat key=no-shadow result=EACCES"));
    EXPECT_THAT(found, HasSubstr(" ocomm=69742773 "));
    EXPECT_EQ(found.find("unknown"), std::string::npos) << found;
  }
  EXPECT_EQ(Enabled(), before) << "the machine is as it was";
}

TEST(KernelOutlet, SaysWhereRecordsAreDropped) {
  KernelAuditAs audit(false);
  if (!audit.lacking().empty()) GTEST_SKIP() << audit.lacking();
  PROVOST_ASSERT_OK_AND_ASSIGN(const OpenedOutlet opened,
                               OpenOutlet({OutletSpec::Kind::kKernel}, {}));
  EXPECT_EQ(opened.remark,
            "the kernel's audit is off: it takes the records and drops them (auditctl -e 1 turns "
            "it on)");
  size_t sent = 0;
  PROVOST_EXPECT_OK(opened.outlet->Put("op=seccomp verdict=deny\n", sent).status());
}

// True once `holds` does; false if it does not within the time.
bool Eventually(const std::function<bool()>& holds) {
  for (int waited = 0; waited < kPatience; waited += 10) {
    if (holds()) return true;
    poll(nullptr, 0, 10);
  }
  return false;
}

// An auditd of the test's own, with its log in `directory`; ended with the test at the latest.
pid_t StartAuditd(const std::string& directory) {
  EXPECT_EQ(mkdir(directory.c_str(), 0750), 0);
  EXPECT_EQ(mkdir((directory + "/plugins.d").c_str(), 0750), 0);
  const std::string config = directory + "/auditd.conf";
  WriteFile(config,
            absl::StrCat("local_events = yes\nwrite_logs = yes\nlog_group = root\n"
                         "log_format = RAW\nflush = NONE\nmax_log_file_action = IGNORE\n"
                         "space_left = 2\nspace_left_action = IGNORE\nadmin_space_left = 1\n"
                         "admin_space_left_action = IGNORE\ndisk_full_action = IGNORE\n"
                         "disk_error_action = IGNORE\nlog_file = ",
                         directory, "/audit.log\nplugin_dir = ", directory, "/plugins.d\n"));
  EXPECT_EQ(chmod(config.c_str(), 0640), 0);
  return Fork([&] {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execlp("auditd", "auditd", "-n", "-s", "nochange", "-c", directory.c_str(), nullptr);
    _exit(127);
  });
}

TEST(KernelOutlet, GoesOnWhereAuditdStops) {
  KernelAuditAs audit(true);
  if (!audit.lacking().empty()) GTEST_SKIP() << audit.lacking();
  if (OutputOf("auditctl -s").find("\npid 0\n") == std::string::npos) {
    GTEST_SKIP() << "an auditd runs on this machine";
  }
  const std::string directory = FreshPath("auditd");
  const pid_t auditd = StartAuditd(directory);
  const std::string log = directory + "/audit.log";
  const auto logged = [&log](const std::string& text) {
    return Eventually(
        [&] { return access(log.c_str(), R_OK) == 0 && absl::StrContains(ReadFile(log), text); });
  };
  ASSERT_TRUE(logged("type=DAEMON_START"));
  PROVOST_ASSERT_OK_AND_ASSIGN(KernelOutlet outlet, KernelOutlet::Open());
  const auto put = [&outlet](const std::string& message) {
    size_t sent = 0;
    return outlet.Put(message, sent).status();
  };
  PROVOST_EXPECT_OK(put("op=seccomp verdict=deny call=openat opid=1\n"));
  EXPECT_TRUE(logged("verdict=deny call=openat opid=1 ")) << "auditd wrote it";
  kill(auditd, SIGTERM);
  EXPECT_TRUE(EndsWell(auditd));
  PROVOST_EXPECT_OK(put("op=seccomp verdict=deny call=openat opid=2\n"));
  EXPECT_NE(audit.Await(AUDIT_TRUSTED_APP, " opid=2 ", kPatience), "");
  EXPECT_FALSE(absl::StrContains(ReadFile(log), " opid=2 "));
}

TEST(KernelAuditAs, IsUndoneAlsoIfTheTestIsKilled) {
  const int before = Enabled();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = Fork([&] {
    const KernelAuditAs audit(before != 1);
    const char ready = audit.lacking().empty() ? 'y' : 'n';
    if (write(ends[1], &ready, 1) != 1) _exit(1);
    while (true) pause();
  });
  char ready = 0;
  ASSERT_EQ(read(ends[0], &ready, 1), 1);
  if (ready == 'y') {
    EXPECT_NE(Enabled(), before);
  }
  kill(child, SIGKILL);
  EXPECT_FALSE(EndsWell(child));
  // The next one gets the lock once the restoring process has ended.
  { const KernelAuditAs next(before == 1); }
  EXPECT_EQ(Enabled(), before);
}

}  // namespace
}  // namespace provost

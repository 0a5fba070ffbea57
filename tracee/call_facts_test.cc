#include "tracee/call_facts.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "syscalls/syscall_table.h"
#include "tracee/task_directory.h"
#include "tracee/task_in_directory.h"
#include "tracee/task_memory.h"

namespace provost {
namespace {

uint64_t At(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }
constexpr uint64_t kCwd = static_cast<uint32_t>(AT_FDCWD);

// A task in a directory of its own, whose calls are looked at.
class CallFactsTest : public TaskInDirectory {
 protected:
  void SetUp() override {
    TaskInDirectory::SetUp();
    ASSERT_EQ(mkdir(In("dir").c_str(), 0750), 0);
    Touch("file");
    Touch("dir/file");
    ASSERT_EQ(mkfifo(In("fifo").c_str(), 0600), 0);
    for (const auto& [target, link] : std::vector<std::pair<std::string, std::string>>{
             {"dir", "to_dir"}, {"file", "to_file"}, {"dir/absent", "dangling"}}) {
      ASSERT_EQ(symlink(target.c_str(), In(link).c_str()), 0);
    }
    directory_.reset(open(In("dir").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    file_.reset(open(In("file").c_str(), O_RDONLY | O_CLOEXEC));
    for (const char* entry :
         {".", "dir", "file", "dir/file", "fifo", "to_dir", "to_file", "dangling"}) {
      labels_[InodeOf(In(entry))] = entry;
    }
    labels_[InodeOf("/")] = "ROOT";
  }

  void Start(const std::function<bool()>& prepare = [] { return true; }) {
    TaskInDirectory::Start(prepare);
    proc_.reset(open(absl::StrCat("/proc/", child_).c_str(), O_PATH | O_CLOEXEC));
    cwd_.reset(openat(proc_.get(), "cwd", O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }

  void Touch(const std::string& name) const { TaskInDirectory::Touch(name, 0640); }
  static ino_t InodeOf(const std::string& path) {
    struct stat status = {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status.st_ino;
  }

  static SyscallRequest Request(const char* call, std::vector<uint64_t> arguments,
                                Arch arch = Arch::kX86_64) {
    SyscallRequest request;
    request.arch = static_cast<uint32_t>(arch);
    request.nr = SyscallTable::Get().Find(arch, call)->nr;
    std::copy(arguments.begin(), arguments.end(), request.args.begin());
    return request;
  }
  TaskDirectory Directory() const { return {proc_.get(), cwd_.get(), kept_root_}; }
  CallFacts Read(const SyscallRequest& request) {
    CallFacts facts;
    PROVOST_EXPECT_OK(reader_.Read(child_, Directory(), request, memory_, facts));
    return facts;
  }
  CallFacts Read(const char* call, std::vector<uint64_t> arguments) {
    return Read(Request(call, std::move(arguments)));
  }

  // "PARENT dir/=dir, CREATE dir/x": what was found stands behind the name.
  std::string Show(const CallFacts& facts) const {
    static const char* kTypes[] = {"UNKNOWN", "NORMAL", "PARENT", "CREATE", "DELETE"};
    std::vector<std::string> shown;
    for (const PathFact& fact : facts.paths) {
      std::string name = fact.name.value_or("(null)");
      if (name.rfind(top_, 0) == 0) name = "TOP" + name.substr(top_.size());
      std::string found;
      if (fact.inode.has_value()) {
        const auto label = labels_.find(fact.inode->number);
        found = absl::StrCat("=", label == labels_.end() ? "?" : label->second);
      }
      shown.push_back(absl::StrCat(kTypes[static_cast<int>(fact.name_type)], " ", name, found));
    }
    return absl::StrJoin(shown, ", ");
  }
  std::string Paths(const char* call, std::vector<uint64_t> arguments) {
    return Show(Read(call, std::move(arguments)));
  }

  std::map<ino_t, std::string> labels_;
  UniqueFd directory_;
  UniqueFd file_;
  UniqueFd proc_;
  UniqueFd cwd_;
  bool* kept_root_ = nullptr;
  CallFactsReader reader_;
  TaskMemory memory_{getpid()};  // the arguments are in this process
};

TEST_F(CallFactsTest, OnePath) {
  Start();
  const struct {
    const char* call;
    const char* path;
    uint64_t second;
    const char* paths;
  } cases[] = {
      {"open", "file", O_RDONLY, "NORMAL file=file"},
      {"open", "./dir/../file", O_RDONLY, "NORMAL ./dir/../file=file"},
      {"open", "to_file", O_RDONLY, "NORMAL to_file=file"},
      {"open", "to_file", O_NOFOLLOW, "NORMAL to_file=to_file"},
      {"open", "to_dir/file", O_RDONLY, "NORMAL to_dir/file=dir/file"},
      {"open", "fifo", O_RDONLY, "NORMAL fifo=fifo"},
      {"open", "absent", O_RDONLY, "UNKNOWN absent"},
      {"open", "absent/x", O_CREAT, "UNKNOWN absent/x"},
      {"open", "file/x", O_CREAT, "UNKNOWN file/x"},
      {"open", "file", O_CREAT, "NORMAL file=file"},
      {"open", "to_file", O_CREAT, "NORMAL to_file=file"},
      {"open", "to_file", O_CREAT | O_EXCL, "NORMAL to_file=to_file"},
      {"open", "new", O_CREAT, "PARENT TOP=., CREATE new"},
      {"open", "dir/new", O_CREAT, "PARENT dir/=dir, CREATE dir/new"},
      {"open", "dangling", O_CREAT, "PARENT TOP/dir/=dir, CREATE dangling"},
      {"open", "dangling", O_RDONLY, "UNKNOWN dangling"},
      {"open", "", O_RDONLY, ""},
      {"open", "/", O_RDONLY, "NORMAL /=ROOT"},
      {"creat", "new", 0600, "PARENT TOP=., CREATE new"},
      {"stat", "to_file", 0, "NORMAL to_file=file"},
      {"lstat", "to_file", 0, "NORMAL to_file=to_file"},
      {"mkdir", "new", 0700, "PARENT TOP=., CREATE new"},
      {"mkdir", "new//", 0700, "PARENT TOP=., CREATE new//"},
      {"mkdir", "dir", 0700, "PARENT TOP=."},
      {"mkdir", "to_dir/new", 0700, "PARENT to_dir/=dir, CREATE to_dir/new"},
      {"mkdir", "absent/new", 0700, "UNKNOWN absent/new"},
      {"mkdir", "/", 0700, "PARENT /=ROOT"},
      {"rmdir", "dir/", 0, "PARENT TOP=., DELETE dir/=dir"},
      {"unlink", "to_dir", 0, "PARENT TOP=., DELETE to_dir=to_dir"},
      {"unlink", "dir/file", 0, "PARENT dir/=dir, DELETE dir/file=dir/file"},
      {"unlink", "absent", 0, "PARENT TOP=."},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(Paths(test.call, {At(test.path), test.second}), test.paths)
        << test.call << " " << test.path;
  }
  // What cannot be read is not there, as for the kernel.
  const CallFacts facts = Read("open", {1, 0});
  EXPECT_TRUE(facts.paths.empty());
  EXPECT_FALSE(facts.cwd.has_value());
  EXPECT_EQ(Read("open", {At("file"), 0}).cwd, top_);
}

TEST_F(CallFactsTest, TwoPaths) {
  Start();
  const struct {
    const char* call;
    const char* from;
    const char* to;
    const char* paths;
  } cases[] = {
      {"link", "file", "new", "PARENT TOP=., NORMAL file=file, CREATE new"},
      {"link", "to_file", "new", "PARENT TOP=., NORMAL to_file=to_file, CREATE new"},
      {"link", "file", "dir", "PARENT TOP=., NORMAL file=file"},
      {"link", "absent", "new", "UNKNOWN new, UNKNOWN absent"},
      {"link", "file", "absent/new", "UNKNOWN absent/new, NORMAL file=file"},
      {"symlink", "any text", "new", "PARENT TOP=., UNKNOWN any text, CREATE new"},
      {"symlink", "any text", "file", "PARENT TOP=., UNKNOWN any text"},
      {"rename", "file", "dir/new",
       "PARENT dir/=dir, PARENT TOP=., DELETE file=file, CREATE dir/new=file"},
      {"rename", "file", "dir/file",
       "PARENT dir/=dir, PARENT TOP=., DELETE file=file, DELETE dir/file=dir/file, "
       "CREATE dir/file=file"},
      {"rename", "absent", "new", "PARENT TOP=., PARENT TOP=."},
      {"rename", "absent/x", "new", "UNKNOWN new, UNKNOWN absent/x"},
      {"rename", "file", "absent/x", "UNKNOWN absent/x, PARENT TOP=."},
      {"pivot_root", "dir", "absent", "NORMAL dir=dir, UNKNOWN absent"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(Paths(test.call, {At(test.from), At(test.to)}), test.paths)
        << test.call << " " << test.from << " " << test.to;
  }
  EXPECT_EQ(Paths("renameat2", {kCwd, At("file"), kCwd, At("dir/file"), 1}),
            "PARENT dir/=dir, PARENT TOP=.");
  EXPECT_EQ(Paths("renameat2", {kCwd, At("file"), kCwd, At("dir/file"), 2}),
            "PARENT dir/=dir, PARENT TOP=., DELETE file=file, DELETE dir/file=dir/file, "
            "CREATE dir/file=file, CREATE file=dir/file");
  EXPECT_EQ(Paths("mount", {At("none"), At("dir"), At("tmpfs"), 0}), "NORMAL dir=dir");
  EXPECT_EQ(Paths("mount", {At("file"), At("dir"), 0, MS_BIND}),
            "NORMAL dir=dir, NORMAL file=file");
  EXPECT_EQ(Paths("mount", {At("file"), At("dir"), 0, MS_BIND | MS_REMOUNT}), "NORMAL dir=dir");
}

TEST_F(CallFactsTest, Descriptors) {
  Start();
  const auto dir = static_cast<uint64_t>(directory_.get());
  const auto file = static_cast<uint64_t>(file_.get());
  constexpr uint64_t kBad = 1000;
  const struct {
    const char* call;
    std::vector<uint64_t> arguments;
    const char* paths;
  } cases[] = {
      {"openat", {dir, At("file"), 0}, "NORMAL file=dir/file"},
      {"openat", {dir, At("../file"), 0}, "NORMAL ../file=file"},
      {"openat", {dir, At("new"), O_CREAT}, "PARENT TOP/dir=dir, CREATE new"},
      {"openat", {kBad, At("x"), O_CREAT}, "UNKNOWN x"},
      {"openat", {kBad, At("/"), 0}, "NORMAL /=ROOT"},
      {"unlinkat", {dir, At("file"), 0}, "PARENT TOP/dir=dir, DELETE file=dir/file"},
      {"linkat",
       {kCwd, At("to_file"), dir, At("new"), AT_SYMLINK_FOLLOW},
       "PARENT TOP/dir=dir, NORMAL to_file=file, CREATE new"},
      {"newfstatat", {file, At(""), 0, AT_EMPTY_PATH}, "NORMAL TOP/file=file"},
      {"newfstatat", {file, At(""), 0, 0}, ""},
      {"newfstatat", {kCwd, At("to_file"), 0, AT_SYMLINK_NOFOLLOW}, "NORMAL to_file=to_file"},
      {"utimensat", {file, 0, 0, 0}, "NORMAL (null)=file"},
      {"readlinkat", {file, At("")}, "NORMAL TOP/file=file"},
      {"fchmod", {file, 0600}, "NORMAL (null)=file"},
      {"fchmod", {kBad, 0600}, ""},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(Paths(test.call, test.arguments), test.paths) << test.call;
  }
  // In procfs, "self" is the task, and its descriptors are its own.
  const std::string link = absl::StrCat("/proc/self/fd/", dir);
  EXPECT_EQ(Paths("stat", {At(link.c_str())}), absl::StrCat("NORMAL ", link, "=dir"));
  EXPECT_EQ(Paths("stat", {At("/proc/self/cwd/file")}), "NORMAL /proc/self/cwd/file=file");
  labels_[InodeOf(absl::StrCat("/proc/", child_, "/comm"))] = "its comm";
  EXPECT_EQ(Paths("stat", {At("/proc/self/comm")}), "NORMAL /proc/self/comm=its comm");
}

TEST_F(CallFactsTest, Inodes) {
  const bool has_ids = chown(In("file").c_str(), 12, 34) == 0;  // not all user namespaces have
  ASSERT_EQ(chmod(In("file").c_str(), 04751), 0);
  struct stat status = {};
  ASSERT_EQ(stat(In("file").c_str(), &status), 0);
  Start();
  const PathFact fact = Read("open", {At("file"), 0}).paths.at(0);
  const PathFact::Inode expected = {.number = status.st_ino,
                                    .device = {major(status.st_dev), minor(status.st_dev)},
                                    .mode = S_IFREG | 04751,
                                    .uid = has_ids ? 12 : geteuid(),
                                    .gid = has_ids ? 34 : getegid(),
                                    .rdev = {}};
  EXPECT_TRUE(fact.inode == expected);
  EXPECT_TRUE(fact.capabilities == PathFact::Capabilities());
  const PathFact null = Read("open", {At("/dev/null"), 0}).paths.at(0);
  EXPECT_TRUE((null.inode.value().rdev == PathFact::Device{1, 3}));
}

TEST_F(CallFactsTest, CapabilitiesOfAFileAsTheyAreNow) {
  Start();
  // Revision 2, effective; CAP_NET_RAW permitted, CAP_CHOWN and CAP_BPF inheritable.
  const uint32_t set[] = {0x02000001, 1u << 13, 1u << 0, 0, 1u << 7};
  const PathFact::Capabilities expected = {.permitted = 1u << 13,
                                           .inheritable = (uint64_t{1} << 39) | 1,
                                           .effective = true,
                                           .version = 2};
  // Old enough to be remembered, then changed: what is remembered is not believed.
  const timespec old[2] = {{1000000, 0}, {1000000, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, In("file").c_str(), old, 0), 0);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(Read("open", {At("file"), 0}).paths.at(0).capabilities == PathFact::Capabilities());
    if (setxattr(In("file").c_str(), "security.capability", set, sizeof(set), 0) != 0) {
      ASSERT_EQ(errno, EPERM) << strerror(errno);
      GTEST_SKIP() << "needs CAP_SETFCAP";
    }
    EXPECT_TRUE(Read("open", {At("file"), 0}).paths.at(0).capabilities == expected);
    ASSERT_EQ(removexattr(In("file").c_str(), "security.capability"), 0);
  }
}

TEST_F(CallFactsTest, AWorkingDirectoryWithoutAName) {
  const std::string component(200, 'd');
  Start([&] {
    for (int depth = 0; depth < PATH_MAX / 200 + 1; ++depth) {
      if (mkdir(component.c_str(), 0700) != 0 || chdir(component.c_str()) != 0) return false;
    }
    return true;
  });
  const CallFacts facts = Read("open", {At("absent"), 0});
  EXPECT_EQ(facts.cwd, "<too_long>");
  EXPECT_EQ(facts.paths.size(), 1U);
}

TEST_F(CallFactsTest, InARootOfItsOwn) {
  ASSERT_EQ(symlink("/file", In("dir/from_root").c_str()), 0);
  const bool is_root = geteuid() == 0;
  Start([&] {
    if (!is_root && unshare(CLONE_NEWUSER) != 0) return false;
    return chroot("dir") == 0 && chdir("/") == 0;
  });
  bool kept = false;
  kept_root_ = &kept;
  EXPECT_EQ(Paths("open", {At("/file"), 0}), "NORMAL /file=dir/file");
  EXPECT_FALSE(kept);
  EXPECT_EQ(Paths("open", {At("from_root"), 0}), "NORMAL from_root=dir/file");
  EXPECT_EQ(Paths("open", {At("../../file"), 0}), "NORMAL ../../file=dir/file");
  EXPECT_EQ(Paths("mkdir", {At("new"), 0}), "PARENT /=dir, CREATE new");
  EXPECT_EQ(Read("open", {At("file"), 0}).cwd, "/");
  const auto file = static_cast<uint64_t>(file_.get());
  EXPECT_EQ(Paths("newfstatat", {file, At(""), 0, AT_EMPTY_PATH}), "NORMAL TOP/file=file");
}

TEST_F(CallFactsTest, OurRootIsKnownOnceItWasSeen) {
  bool kept = false;
  kept_root_ = &kept;
  Start();
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(Paths("open", {At("to_dir/file"), 0}), "NORMAL to_dir/file=dir/file");
    EXPECT_EQ(Read("open", {At("file"), 0}).cwd, top_);
    EXPECT_TRUE(kept);
  }
}

// A server of files that does not answer, as one does not that is stopped for us to decide on it.
TEST_F(CallFactsTest, AFuseServerIsNotAsked) {
  const UniqueFd space(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  const UniqueFd server(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!server.valid() || unshare(CLONE_NEWNS) != 0) GTEST_SKIP() << "needs FUSE, CAP_SYS_ADMIN";
  const std::string options =
      absl::StrCat("fd=", server.get(), ",rootmode=40000,user_id=0,group_id=0");
  const bool is_mounted =
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      mount("silent", In("dir").c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
  if (is_mounted) {
    Start();
    CallFactsReader reader;  // by which root it is known
    std::swap(reader, reader_);
    EXPECT_EQ(Paths("open", {At("dir/x"), 0}), "UNKNOWN dir/x");
    EXPECT_EQ(Paths("open", {At("to_dir/x/y"), 0}), "UNKNOWN to_dir/x/y");
    EXPECT_EQ(Paths("open", {At("file"), 0}), "NORMAL file=file");
    EXPECT_EQ(umount2(In("dir").c_str(), MNT_DETACH), 0);
  }
  EXPECT_EQ(setns(space.get(), CLONE_NEWNS), 0);
  if (!is_mounted) GTEST_SKIP() << "FUSE cannot be mounted";
}

TEST_F(CallFactsTest, WhatACallMadeIsSaidAfterIt) {
  Start();
  const auto dir = static_cast<uint64_t>(directory_.get());
  const struct {
    SyscallRequest request;
    const char* made;
  } cases[] = {
      {Request("mkdir", {At("new_dir"), 0700}), "new_dir"},
      {Request("openat", {dir, At("new"), O_CREAT}), "dir/new"},
      {Request("symlinkat", {At("file"), dir, At("new_link")}), "dir/new_link"},
      {Request("open", {At("dangling"), O_CREAT}), "dir/absent"},
  };
  for (const auto& test : cases) {
    CallFacts facts = Read(test.request);
    ASSERT_EQ(facts.paths.back().name_type, PathFact::NameType::kCreate) << test.made;
    EXPECT_FALSE(facts.paths.back().inode.has_value()) << test.made;
    if (test.request.nr == Request("mkdir", {}).nr) {
      ASSERT_EQ(mkdir(In(test.made).c_str(), 0700), 0);
    } else if (test.request.nr == Request("symlinkat", {}).nr) {
      ASSERT_EQ(symlink("file", In(test.made).c_str()), 0);
    } else {
      Touch(test.made);
    }
    reader_.Complete(child_, Directory(), test.request, facts);
    ASSERT_TRUE(facts.paths.back().inode.has_value()) << test.made;
    EXPECT_EQ(facts.paths.back().inode->number, InodeOf(In(test.made)));
  }
}

TEST_F(CallFactsTest, Addresses) {
  Start();
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  memcpy(name.sun_path, "fifo", 5);
  const std::string bytes(reinterpret_cast<const char*>(&name), sizeof(name));
  const CallFacts facts = Read("connect", {3, At(&name), sizeof(name)});
  EXPECT_EQ(facts.sockaddr, bytes);
  EXPECT_EQ(Show(facts), "NORMAL fifo=fifo");
  EXPECT_EQ(facts.cwd, top_);
  EXPECT_EQ(Paths("bind", {3, At(&name), sizeof(name)}), "PARENT TOP=.");
  EXPECT_EQ(Paths("sendto", {3, 0, 0, 0, At(&name), sizeof(name)}), "NORMAL fifo=fifo");
  memcpy(name.sun_path, "new", 4);
  EXPECT_EQ(Paths("bind", {3, At(&name), sizeof(name)}), "PARENT TOP=., CREATE new");

  msghdr message = {};
  message.msg_name = &name;
  message.msg_namelen = sizeof(name);
  EXPECT_EQ(Paths("sendmsg", {3, At(&message)}), "UNKNOWN new");
  mmsghdr messages[2] = {{message, 0}, {message, 0}};
  EXPECT_EQ(Paths("sendmmsg", {3, At(messages), 2}), "UNKNOWN new, UNKNOWN new");
  // Of several messages the address is that of the last that was sent, once that is known.
  sockaddr_un others[3] = {name, name, name};
  mmsghdr several[40];
  for (size_t i = 0; i < std::size(several); ++i) several[i] = {message, 0};
  memcpy(others[1].sun_path, "decoy", 6);
  several[39].msg_hdr.msg_name = &others[1];
  several[1].msg_hdr.msg_name = nullptr;
  memcpy(others[2].sun_path, "first", 6);
  several[0].msg_hdr.msg_name = &others[2];
  for (const auto& [result, expected] : std::vector<std::pair<int64_t, const char*>>{
           {40, "decoy"}, {39, "new"}, {3, "new"}, {2, "first"}, {1, "first"}, {-EPERM, "first"}}) {
    CallFacts sent = Read("sendmmsg", {3, At(several), 40});
    EXPECT_STREQ(sent.sockaddr.c_str() + 2, "decoy");
    EXPECT_EQ(sent.paths.size(), 15U);
    CallFactsReader::KeepSent(result, sent);
    EXPECT_STREQ(sent.sockaddr.c_str() + 2, expected) << result;
  }
  // By socketcall the arguments are in an array; SYS_CONNECT is 3.
  void* low =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  ASSERT_NE(low, MAP_FAILED);
  const uint32_t words[] = {3, static_cast<uint32_t>(At(low)) + 64, 6};
  memcpy(low, words, sizeof(words));
  memcpy(static_cast<char*>(low) + 64, &name, sizeof(name));
  const CallFacts multiplexed = Read(Request("socketcall", {3, At(low)}, Arch::kI386));
  EXPECT_EQ(multiplexed.sockaddr.size(), 6U);
  EXPECT_EQ(Show(multiplexed), "UNKNOWN new");
  EXPECT_EQ(munmap(low, 4096), 0);

  // An abstract name is no path; what is too long, empty or unreadable is no address.
  name.sun_path[0] = '\0';
  const CallFacts abstract = Read("connect", {3, At(&name), 8});
  EXPECT_EQ(abstract.sockaddr.size(), 8U);
  EXPECT_TRUE(abstract.paths.empty());
  for (const uint64_t length : {uint64_t{0}, uint64_t{129}, ~uint64_t{0}}) {
    EXPECT_EQ(Read("connect", {3, At(&name), length}).sockaddr, "") << length;
  }
  EXPECT_EQ(Read("connect", {3, 1, 16}).sockaddr, "");
  EXPECT_EQ(Read("accept", {3, At(&name), At(words)}).sockaddr, "");
}

std::vector<int32_t> Pids(const CallFacts& facts) {
  std::vector<int32_t> pids;
  for (const OtherTask& task : facts.objects) pids.push_back(task.pid);
  std::sort(pids.begin(), pids.end());
  return pids;
}

TEST_F(CallFactsTest, OtherTasks) {
  Start([] { return setpgid(0, 0) == 0 && prctl(PR_SET_NAME, "a victim") == 0; });
  const auto self = static_cast<uint64_t>(getpid());
  const auto child = static_cast<uint64_t>(child_);
  const std::vector<int32_t> just_self = {getpid()};
  const std::vector<int32_t> just_child = {child_};
  // Calls of the child's.
  EXPECT_EQ(Pids(Read("kill", {self, 0})), just_self);
  EXPECT_EQ(Pids(Read("kill", {child, SIGTERM})), just_child);
  EXPECT_EQ(Pids(Read("kill", {0, SIGTERM})), just_child);
  EXPECT_EQ(Pids(Read("kill", {static_cast<uint64_t>(-child_), SIGTERM})), just_child);
  EXPECT_EQ(Pids(Read("tgkill", {self, self, SIGTERM})), just_self);
  EXPECT_EQ(Pids(Read("ptrace", {PTRACE_ATTACH, self})), just_self);
  EXPECT_EQ(Pids(Read("kcmp", {self, child})), just_self);
  EXPECT_TRUE(Read("ptrace", {PTRACE_TRACEME, self}).objects.empty());
  EXPECT_TRUE(Read("prlimit64", {0, 1}).objects.empty());
  EXPECT_TRUE(Read("prlimit64", {child, 1}).objects.empty());
  EXPECT_TRUE(Read("kill", {1 << 23, 0}).objects.empty());
  EXPECT_TRUE(Read("pidfd_send_signal", {1000, 0}).objects.empty());
  const auto own_thread = static_cast<uint64_t>(-10000);
  EXPECT_EQ(Pids(Read("pidfd_send_signal", {own_thread, 0})), just_child);
  EXPECT_TRUE(Read("process_madvise", {own_thread, 0}).objects.empty());
  const CallFacts everyone = Read("kill", {~uint64_t{0}, 0});
  EXPECT_LE(everyone.objects.size(), 64U);
  const OtherTask task = Read("kill", {child, 0}).objects.at(0);
  EXPECT_EQ(task.comm, "a victim");
  EXPECT_EQ(task.uid, getuid());
  EXPECT_TRUE(Read("kill", {child, 0}).paths.empty());
}

TEST_F(CallFactsTest, TasksByDescriptor) {
  const pid_t leader = fork();
  if (leader == 0) {
    pause();
    _exit(0);
  }
  ASSERT_GT(leader, 0);
  ASSERT_EQ(setpgid(leader, leader), 0);
  // The task inherits them, and is in the leader's group.
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, leader, 0)));
  const UniqueFd directory(open(absl::StrCat("/proc/", leader).c_str(), O_RDONLY | O_DIRECTORY));
  const UniqueFd of_thread(
      open(absl::StrCat("/proc/", leader, "/task/", leader).c_str(), O_RDONLY | O_DIRECTORY));
  Start([leader] { return setpgid(0, leader) == 0; });
  const std::vector<int32_t> just_leader = {leader};
  std::vector<int32_t> both = {leader, child_};
  std::sort(both.begin(), both.end());
  const auto number = [](const UniqueFd& fd) { return static_cast<uint64_t>(fd.get()); };
  EXPECT_EQ(Pids(Read("pidfd_send_signal", {number(pidfd), 0})), just_leader);
  EXPECT_EQ(Pids(Read("pidfd_send_signal", {number(directory), 0})), just_leader);
  EXPECT_TRUE(Read("pidfd_send_signal", {number(of_thread), 0}).objects.empty());
  EXPECT_EQ(Pids(Read("pidfd_send_signal", {number(pidfd), 0, 0, 4})), both);
  EXPECT_EQ(Pids(Read("pidfd_send_signal", {number(directory), 0, 0, 4})), both);
  EXPECT_EQ(Pids(Read("setns", {number(pidfd), CLONE_NEWNS})), just_leader);
  EXPECT_TRUE(Read("setns", {number(directory), 0}).objects.empty());
  EXPECT_TRUE(Read("pidfd_getfd", {number(directory), 0}).objects.empty());
  EXPECT_EQ(kill(leader, SIGKILL), 0);
  EXPECT_EQ(waitpid(leader, nullptr, 0), leader);
}

// The numbers of another pid namespace are not ours.
TEST_F(CallFactsTest, TasksOfAPidNamespace) {
  const pid_t here = getpid();
  const UniqueFd space(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  if (unshare(CLONE_NEWPID) != 0) GTEST_SKIP() << "needs CAP_SYS_ADMIN";
  Start();
  EXPECT_EQ(setns(space.get(), CLONE_NEWPID), 0);
  EXPECT_EQ(Pids(Read("kill", {1, SIGTERM})), std::vector<int32_t>{child_});
  EXPECT_TRUE(Read("kill", {static_cast<uint64_t>(here), 0}).objects.empty());
}

}  // namespace
}  // namespace provost

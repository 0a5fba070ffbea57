#include "supervisor/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "supervisor/control_peer.h"
#include "supervisor/wake_signal.h"

namespace provost {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

// Deeper than sockaddr_un's 107 bytes.
std::string FreshDirectory() {
  static int made = 0;
  std::string path = absl::StrCat(testing::TempDir(), "/control.", getpid(), ".", ++made);
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0);
  path += "/" + std::string(120, 'd');
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0);
  return path;
}

// A blocking connection, as somebody outside makes it.
class Client {
 public:
  explicit Client(const std::string& path)
      : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const UniqueFd place(open(path.c_str(), O_PATH | O_CLOEXEC));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place.get());
    connected_ =
        connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  bool connected() const { return connected_; }
  int fd() const { return socket_.get(); }
  // What does not fit is dropped when the other end hangs up.
  void Send(const std::string& text) const {
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t written =
          send(socket_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (written < 0) return;
      sent += static_cast<size_t>(written);
    }
  }
  // The next line; "" if the other end hung up.
  std::string Line() const {
    char chunk[4096];
    size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) {
      const ssize_t got = recv(socket_.get(), chunk, sizeof(chunk), 0);
      if (got <= 0) return "";
      unread_.append(chunk, got);
    }
    std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return line;
  }
  std::string Ask(const std::string& text) const {
    Send(text);
    return Line();
  }

 private:
  UniqueFd socket_;
  mutable std::string unread_;
  bool connected_ = false;
};

Json Echo(const ControlRequest& request) {
  return {{"ok", true}, {"asked", request.body}, {"by", request.client.pid}};
}

// Carries requests out on this thread, which waits as a supervisor does, while `clients` run on
// another; ends with it.
void ServeWhile(ControlSocket& socket, const std::function<void()>& clients,
                const std::function<Json(const ControlRequest&)>& handler = Echo) {
  std::atomic<bool> done = false;
  const WakeSignal wake;
  std::thread thread([&] {
    clients();
    done = true;
  });
  while (!done) {
    if (socket.pending()) socket.CarryOut(handler);
    // Nothing but a signal ends it early; a client that is done sends none.
    poll(nullptr, 0, 5);
  }
  thread.join();
}

TEST(ControlSocketTest, AnswersOneLineWithOne) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  struct stat status = {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFSOCK | 0600));
  EXPECT_FALSE(socket->pending());
  ServeWhile(*socket, [&] {
    const Client client(path);
    ASSERT_TRUE(client.connected());
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(
          client.Ask(absl::StrCat("{\"request\":", i, "}\n")),
          absl::StrCat("{\"asked\":{\"request\":", i, "},\"by\":", getpid(), ",\"ok\":true}"));
    }
    // Two in one breath, and the end of asking behind them.
    client.Send("{\"a\":1}\n{\"a\":2}\n");
    ASSERT_EQ(shutdown(client.fd(), SHUT_WR), 0);
    EXPECT_THAT(client.Line(), HasSubstr("{\"a\":1}"));
    EXPECT_THAT(client.Line(), HasSubstr("{\"a\":2}"));
    EXPECT_EQ(client.Line(), "");
  });
}

TEST(ControlSocketTest, RequestsAreCarriedOutOnTheThreadThatListens) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  const std::thread::id here = std::this_thread::get_id();
  int carried_out = 0;  // no lock: one thread alone
  std::vector<std::thread> threads;
  constexpr int kClients = 20;
  constexpr int kEach = 50;
  ServeWhile(
      *socket,
      [&] {
        for (int i = 0; i < kClients; ++i) {
          threads.emplace_back([&] {
            const Client client(path);
            for (int j = 0; j < kEach; ++j) {
              EXPECT_THAT(client.Ask("{\"request\":\"count\"}\n"), HasSubstr("\"ok\":true"));
            }
          });
        }
        for (std::thread& thread : threads) thread.join();
      },
      [&](const ControlRequest&) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        ++carried_out;
        return Json{{"ok", true}};
      });
  EXPECT_EQ(carried_out, kClients * kEach);
}

// The wait has no end of its own here: only the signal gets the thread out of it.
TEST(ControlSocketTest, WakesAThreadThatWaits) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  constexpr int kTimes = 200;
  std::thread client([&] {
    const Client asks(path);
    for (int i = 0; i < kTimes; ++i) {
      EXPECT_THAT(asks.Ask("{}\n"), HasSubstr("\"ok\":true"));
    }
  });
  for (int carried_out = 0; carried_out < kTimes;) {
    if (!socket->pending()) poll(nullptr, 0, -1);
    if (!socket->pending()) continue;
    socket->CarryOut([&](const ControlRequest&) {
      ++carried_out;
      return Json{{"ok", true}};
    });
  }
  client.join();
}

TEST(ControlSocketTest, WhatIsNoRequestIsRefused) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  ServeWhile(*socket, [&] {
    const Client client(path);
    for (const std::string& garbage :
         {std::string("\n"), std::string("garbage\n"), std::string("[1,2]\n"),
          std::string("{\"a\":\n"), std::string("\"text\"\n"), std::string("\xff\xfe{}\n"),
          std::string("\0{}\n", 4), std::string(30'000, '[') + "\n",
          "{\"a\":" + std::string(30'000, '[') + std::string(30'000, ']') + "\n"}) {
      EXPECT_THAT(client.Ask(garbage), HasSubstr("a request is a JSON object on one line"));
    }
    for (const size_t deep : {8, 30'000}) {
      EXPECT_THAT(client.Ask("{\"a\":" + std::string(deep, '[') + std::string(deep, ']') + "}\n"),
                  HasSubstr("nested 8 deep at most"));
    }
    EXPECT_THAT(client.Ask("{\"a\":[[[[[[[]]]]]]]}\n"), HasSubstr("\"ok\":true"));
    // Names that are no UTF-8 must not end anything.
    EXPECT_THAT(client.Ask("{\"a\":\"b\\u0000\"}\n"), HasSubstr("\"ok\":true"));
  });
}

TEST(ControlSocketTest, ARequestHasALimit) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  ServeWhile(*socket, [&] {
    {
      const Client big(path);
      std::string request = "{\"a\":\"\"}\n";
      request.insert(6, std::string(ControlSocket::kMaxRequest - request.size(), 'x'));
      EXPECT_THAT(big.Ask(request), HasSubstr("\"ok\":true"));
      request.insert(6, "x");
      EXPECT_THAT(big.Ask(request), HasSubstr("a request has at most 1048576 bytes"));
      EXPECT_EQ(big.Line(), "") << "there is nothing more to be had";
    }
    const Client endless(path);
    EXPECT_THAT(endless.Ask(std::string(size_t{10} << 20, 'x')),
                HasSubstr("a request has at most 1048576 bytes"));
    const Client after(path);
    EXPECT_THAT(after.Ask("{}\n"), HasSubstr("\"ok\":true"));
  });
}

TEST(ControlSocketTest, SilentClientsKeepNobodyOut) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  ServeWhile(*socket, [&] {
    std::vector<std::unique_ptr<Client>> silent;
    for (int i = 0; i < 200; ++i) {
      silent.push_back(std::make_unique<Client>(path));
      ASSERT_TRUE(silent.back()->connected());
      if (i % 2 == 0) silent.back()->Send("{\"half a li");
    }
    for (int i = 0; i < 40; ++i) {
      const Client client(path);
      EXPECT_THAT(client.Ask("{}\n"), HasSubstr("\"ok\":true"));
    }
    EXPECT_EQ(silent.front()->Line(), "") << "it had to go";
  });
}

TEST(ControlSocketTest, ClientsThatDoNotReadHoldUpThemselvesAlone) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  const std::string much(1 << 20, 'x');
  ServeWhile(
      *socket,
      [&] {
        std::vector<std::unique_ptr<Client>> deaf;
        for (int i = 0; i < 5; ++i) {
          deaf.push_back(std::make_unique<Client>(path));
          deaf.back()->Send("{}\n{}\n");
        }
        const Client client(path);
        for (int i = 0; i < 5; ++i) EXPECT_EQ(client.Ask("{}\n").size(), much.size() + 21);
        EXPECT_EQ(deaf[0]->Line().size(), much.size() + 21) << "once it reads, it is all there";
      },
      [&](const ControlRequest&) {
        return Json{{"ok", true}, {"much", much}};
      });
}

TEST(ControlSocketTest, WhoLeavesBeforeTheAnswerHarmsNobody) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  std::atomic<int> carried_out = 0;
  ServeWhile(
      *socket,
      [&] {
        for (int i = 0; i < 50; ++i) Client(path).Send("{\"request\":\"and gone\"}\n");
        const Client client(path);
        EXPECT_THAT(client.Ask("{}\n"), HasSubstr("\"ok\":true"));
      },
      [&](const ControlRequest&) {
        ++carried_out;
        return Json{{"ok", true}};
      });
  EXPECT_EQ(carried_out, 51) << "what was asked for is done, whoever hears of it";
}

TEST(ControlSocketTest, WhoWaitsHearsOfTheEnd) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(auto socket, ControlSocket::Listen(path));
  const Client waits(path);
  waits.Send("{\"request\":\"never carried out\"}\n");
  while (!socket->pending()) poll(nullptr, 0, 1);
  socket.reset();
  EXPECT_THAT(waits.Line(), HasSubstr("the run has ended"));
  EXPECT_EQ(waits.Line(), "");
  struct stat status = {};
  EXPECT_NE(lstat(path.c_str(), &status), 0);
  EXPECT_FALSE(Client(path).connected());
}

TEST(ControlSocketTest, TakesThePlaceOfADeadOneAndOfNothingElse) {
  const std::string directory = FreshDirectory();
  const std::string path = directory + "/run.sock";
  ASSERT_EQ(mknod(path.c_str(), S_IFSOCK | 0600, 0), 0);
  PROVOST_EXPECT_OK(ControlSocket::Listen(path));
  const UniqueFd file(open(path.c_str(), O_CREAT | O_WRONLY | O_EXCL | O_CLOEXEC, 0600));
  ASSERT_TRUE(file.valid());
  EXPECT_THAT(ControlSocket::Listen(path),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Address already in use")));
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
  EXPECT_THAT(ControlSocket::Listen(directory + "/none/run.sock"),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/none")));
  EXPECT_FALSE(ControlSocket::Listen(directory + "/" + std::string(200, 'n')).ok());
}

// What a child process that asks at `path` is told; `in_child` comes first.
std::string AskFromChild(const std::string& path, const std::function<void()>& in_child) {
  int answer[2];
  EXPECT_EQ(pipe2(answer, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    in_child();
    const Client client(path);
    const std::string line = client.connected() ? client.Ask("{}\n") : "not connected";
    (void)!write(answer[1], line.data(), line.size());
    _exit(0);
  }
  close(answer[1]);
  const UniqueFd in(answer[0]);
  std::string said;
  char chunk[512];
  ssize_t got = 0;
  while ((got = read(in.get(), chunk, sizeof(chunk))) > 0) said.append(chunk, got);
  waitpid(child, nullptr, __WALL);
  return said;
}

TEST(ControlSocketTest, AnotherUserMayNotAsk) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be another user";
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  constexpr uid_t kOther = 12345;
  const auto become_another = [] {
    if (setuid(kOther) != 0) _exit(1);
  };
  ServeWhile(*socket, [&] {
    EXPECT_EQ(AskFromChild(path, become_another), "not connected") << "by its mode";
    // And where somebody has opened all doors.
    std::string part = path;
    while (part.size() > 1) {
      ASSERT_EQ(chmod(part.c_str(), 0777), 0) << part;
      part.resize(part.rfind('/'));
      if (absl::EndsWith(part, "/tmp") || part.empty()) break;
    }
    EXPECT_THAT(AskFromChild(path, become_another), HasSubstr("user 12345 may not ask"));
    EXPECT_THAT(AskFromChild(path, [] {}), HasSubstr("\"ok\":true"));
  });
}

TEST(ControlSocketTest, AndNobodyWhomWeTrace) {
  const std::string path = FreshDirectory() + "/run.sock";
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto socket, ControlSocket::Listen(path));
  const auto traced = [] {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
  };
  ServeWhile(*socket, [&] {
    EXPECT_THAT(AskFromChild(path, traced), HasSubstr("it is supervised itself"));
    // Nor a child of such a one that nobody traces.
    EXPECT_THAT(AskFromChild(path,
                             [&] {
                               // It would stop at the signal, and nobody would go on with it.
                               sigset_t all;
                               sigfillset(&all);
                               sigprocmask(SIG_SETMASK, &all, nullptr);
                               traced();
                               const pid_t child = fork();
                               if (child == 0) return;
                               waitpid(child, nullptr, 0);
                               _exit(0);
                             }),
                HasSubstr("it is supervised itself"));
  });
}

// A socket is not its process: whoever connected has to be there to be looked at.
TEST(ControlPeerTest, TheSocketOfOneThatIsGoneIsWorthNothing) {
  const std::string name = absl::StrCat("control-peer-", getpid());
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path + 1, name.data(), name.size());  // an abstract one
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* const at = reinterpret_cast<const sockaddr*>(&address);
  ASSERT_EQ(bind(listener.get(), at, sizeof(address)), 0);
  ASSERT_EQ(listen(listener.get(), 5), 0);
  const auto connect_and_end = [&] {
    const pid_t child = fork();
    if (child == 0) {
      const int client = socket(AF_UNIX, SOCK_STREAM, 0);
      _exit(connect(client, at, sizeof(address)));
    }
    siginfo_t info = {};
    EXPECT_EQ(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(info.si_status, 0);
    return child;
  };
  // A zombie, and one that was reaped.
  const pid_t zombie = connect_and_end();
  const UniqueFd of_zombie(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const pid_t gone = connect_and_end();
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  const UniqueFd of_gone(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  for (const UniqueFd* const peer : {&of_zombie, &of_gone}) {
    EXPECT_THAT(CheckControlPeer(peer->get()),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("it is gone")));
  }
  ASSERT_EQ(waitpid(zombie, nullptr, 0), zombie);
}

TEST(WakeSignalTest, LeavesNothingBehind) {
  struct sigaction mine = {};
  mine.sa_handler = SIG_IGN;
  struct sigaction usual = {};
  ASSERT_EQ(sigaction(SIGURG, &mine, &usual), 0);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGURG);
  sigset_t before;
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &only, &before), 0);
  {
    const WakeSignal first;
    std::thread([] { const WakeSignal second; }).join();
    first.Send();
    struct sigaction now = {};
    ASSERT_EQ(sigaction(SIGURG, nullptr, &now), 0);
    EXPECT_NE(now.sa_handler, SIG_IGN);
    EXPECT_EQ(now.sa_flags & SA_RESTART, 0);
  }
  struct sigaction now = {};
  ASSERT_EQ(sigaction(SIGURG, nullptr, &now), 0);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
  sigset_t mask;
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, &mask), 0);
  EXPECT_EQ(sigismember(&mask, SIGURG), 1);
  ASSERT_EQ(sigaction(SIGURG, &usual, nullptr), 0);
}

}  // namespace
}  // namespace provost

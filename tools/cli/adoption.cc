#include "tools/cli/adoption.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "supervisor/policy_source_json.h"
#include "tools/cli/command_line.h"
#include "tools/cli/sealed_file.h"
#include "tools/cli/usage.h"
#include "tools/control/control_client.h"

namespace provost {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AdoptedRun, supervisor, owner, socket, policies)

namespace {

using Json = nlohmann::json;

// Of what DescribeSuccession says.
constexpr int kVersion = 1;
// How long the old supervisor may take for an answer, and for the handover with what it has to
// deliver before; more than it takes.
constexpr std::chrono::milliseconds kAnswer(10'000);
constexpr std::chrono::milliseconds kHandover(30'000);
// How long the new one may take for each step. Nothing runs meanwhile.
constexpr std::chrono::milliseconds kStep(5'000);

struct Succession {
  int version = kVersion;
  std::vector<std::string> words;
  std::string directory;
  std::vector<uint64_t> namespaces;
  std::vector<PolicySource> policies;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Succession, version, words, directory, namespaces, policies)

// Those in which the numbers of tasks, the names of files and capabilities mean what they do.
std::vector<uint64_t> OwnNamespaces() {
  std::vector<uint64_t> inodes;
  for (const char* name : {"pid", "mnt", "user"}) {
    struct stat status = {};
    (void)stat(absl::StrCat("/proc/self/ns/", name).c_str(), &status);
    inodes.push_back(status.st_ino);
  }
  return inodes;
}

absl::StatusOr<Succession> ParseSuccession(const std::string& text) {
  // nlohmann-json has no other way to say what is wrong with a value.
  try {
    const Json json = Json::from_cbor(absl::HexStringToBytes(text));
    if (json.at("version").get<int>() == kVersion) return json.get<Succession>();
  } catch (const std::exception& error) {
    return absl::FailedPreconditionError(
        absl::StrCat("it says nothing that this program understands: ", error.what()));
  }
  return absl::FailedPreconditionError(
      "it is of another version of provost: `provost upgrade` it first");
}

// The message that the tree is ours to take; `tree` is what it is known to be in, also where an
// error comes of it. kUnavailable: the old supervisor is gone.
absl::StatusOr<HandoverChannel::Message> AwaitState(HandoverChannel& channel, FrozenTree& tree) {
  while (true) {
    PROVOST_ASSIGN_OR_RETURN(HandoverChannel::Message message, channel.Receive(kHandover));
    const Json& body = message.body;
    if (body.contains("cgroup") && body["cgroup"].is_string()) {
      tree.cgroups.push_back(body["cgroup"].get<std::string>());
    } else if (body.contains("left") && message.passed.valid()) {
      tree.since = std::chrono::nanoseconds(body.value("since", int64_t{0}));
      return message;
    } else {
      return absl::FailedPreconditionError(body.value("failed", std::string("it says nothing")));
    }
  }
}

}  // namespace

std::string DescribeSuccession(const std::vector<PolicySource>& policies) {
  std::error_code error;
  const Succession succession = {.words = OwnCommandLine(),
                                 .directory = std::filesystem::current_path(error),
                                 .namespaces = OwnNamespaces(),
                                 .policies = policies};
  std::string bytes;
  Json::to_cbor(Json(succession), bytes);
  // Names of files are any bytes, and requests are not.
  return absl::BytesToHexString(bytes);
}

absl::Status BecomeSuccessor(AdoptedRun run, const std::string& text) {
  PROVOST_ASSIGN_OR_RETURN(Succession succession, ParseSuccession(text));
  if (succession.namespaces != OwnNamespaces()) {
    return absl::FailedPreconditionError(
        "it is in other namespaces (pid, mount or user): adopt it from there, as by `nsenter`");
  }
  if (chdir(succession.directory.c_str()) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("its directory ", succession.directory, ": ", strerror(errno)));
  }
  run.policies = std::move(succession.policies);
  std::string bytes;
  Json::to_cbor(Json(run), bytes);
  PROVOST_ASSIGN_OR_RETURN(const UniqueFd file, ToSealedFile(bytes));
  std::vector<std::string> words =
      WithDescriptor(std::move(succession.words), "--adopt", file.get());
  execv("/proc/self/exe", Pointers(words).data());
  return absl::ErrnoToStatus(errno, "execve of this program");
}

absl::StatusOr<AdoptedRun> ReadAdopted(int fd) {
  PROVOST_ASSIGN_OR_RETURN(const std::string bytes, ReadSealedFile(fd));
  try {
    return Json::from_cbor(bytes).get<AdoptedRun>();
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("it is for provost itself: ", error.what()));
  }
}

absl::StatusOr<TakenOver> TakeOverRun(const AdoptedRun& run) {
  PROVOST_ASSIGN_OR_RETURN(ControlClient client,
                           ControlClient::Connect(run.socket, run.supervisor, run.owner));
  PROVOST_ASSIGN_OR_RETURN(std::unique_ptr<HandoverWatch> watch,
                           HandoverWatch::Start(run.supervisor));
  PROVOST_ASSIGN_OR_RETURN(auto ends, HandoverChannel::Open());
  auto& [channel, other] = ends;
  const absl::StatusOr<Json> answer = client.Ask({{"request", "handover"}}, kAnswer, other.get());
  other.reset();
  // Who is gone may have begun all the same.
  if (!answer.ok() && !absl::IsUnavailable(answer.status())) return answer.status();
  FrozenTree tree;
  absl::StatusOr<HandoverChannel::Message> left = AwaitState(channel, tree);
  if (absl::IsUnavailable(left.status())) {
    if (tree.cgroups.empty() && !answer.ok()) return answer.status();
    // What it had let go of has no tracer, and is frozen; the rest has died with it.
    KillFrozen(tree).IgnoreError();
    return absl::UnavailableError("it was killed while it handed its run over; the tree is dead");
  }
  if (!left.ok()) return left.status();
  PROVOST_ASSIGN_OR_RETURN(Inheritance inheritance, ReadInheritance(left->passed.get()));
  return TakenOver{std::move(channel), std::move(tree), std::move(inheritance), std::move(watch)};
}

Adoption Report(TakenOver& taken, pid_t old) {
  Adoption adoption;
  // Who is not there any more needs not know.
  adoption.taken = [&taken] { taken.channel.Send({{"taken", true}}).IgnoreError(); };
  adoption.thawed = [&taken, old](std::chrono::nanoseconds stood_still) {
    taken.watch.reset();
    taken.channel.Send({{"done", true}}).IgnoreError();
    const double milliseconds = std::chrono::duration<double, std::milli>(stood_still).count();
    Complain(absl::StrFormat("the run of supervisor %d goes on here; it stood still for %.1f ms",
                             old, milliseconds));
  };
  return adoption;
}

bool GiveUpRun(TakenOver& taken, const absl::Status& why) {
  const bool is_told = taken.channel.Send({{"failed", std::string(why.message())}}).ok();
  if (is_told && !taken.channel.IsOver()) return true;
  KillFrozen(taken.tree).IgnoreError();
  return false;
}

absl::Status HandOverRun(const HandedOver& handed, const Inheritance& left) {
  HandoverChannel& channel = *handed.to.successor;
  PROVOST_ASSIGN_OR_RETURN(const UniqueFd state, WriteInheritance(left));
  const int64_t since = handed.tree.since.count();
  PROVOST_RETURN_IF_ERROR(channel.Send({{"left", true}, {"since", since}}, state.get()));
  absl::StatusOr<HandoverChannel::Message> message = channel.Receive(kStep);
  absl::Status status = message.status();
  if (status.ok() && !message->body.contains("taken")) {
    status = absl::UnavailableError(message->body.value("failed", std::string("it says nothing")));
  }
  if (!status.ok()) {
    return absl::UnavailableError(absl::StrCat("process ", handed.to.pid, ": ", status.message()));
  }
  // From here on they are its own, and die with it.
  message = channel.Receive(kStep);
  if (!message.ok()) KillFrozen(handed.tree).IgnoreError();
  return absl::OkStatus();
}

}  // namespace provost

#include "supervisor/saved_run.h"

#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/call_facts.h"
#include "base/identity.h"
#include "nlohmann/json.hpp"
#include "policy/verdict.h"
#include "supervisor/clock_changes.h"
#include "syscalls/request.h"
#include "tracee/registers.h"

namespace provost {

using Json = nlohmann::json;

// What is made of plain values, member by member. A member that a later version adds must be one
// that an older state may lack, or the version goes up.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SyscallRequest, arch, nr, args, ip, sp)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Identity, pid, tid, ppid, auid, ses, uid, euid, suid, fsuid, gid,
                                   egid, sgid, fsgid, comm, exe, tty, proctitle)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PathFact::Device, major, minor)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PathFact::Inode, number, device, mode, uid, gid, rdev)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PathFact::Capabilities, permitted, inheritable, effective,
                                   version, root_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ControlNumbers, kill_process, kill_thread, trap)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ClockCall, sets_time, modes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ClockState, realtime_offset, uncertainty, offset, freq, status,
                                   tai, tick, adjust)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Recorder::Saved, made, written, lost, actions,
                                                tells_apart, keeps_sessions, keeps_roots)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MessageAddress, index, sockaddr)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ExecArguments, count, words)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Hardening::Changed, asked, flags)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Hardening::Saved, cloning, cloned)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicyState::Saved::Counter, rule, process, count, ordinal, due)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicyState::Saved, counters, ordinals)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Setting, argument, value)

namespace {

// Of what is written here and read by another version. It goes up when an older program could not
// go on with what a newer one leaves, or the other way round.
constexpr int kVersion = 1;

template <typename T>
Json Optional(const std::optional<T>& value) {
  return value.has_value() ? Json(*value) : Json(nullptr);
}

template <typename T>
std::optional<T> OptionalOf(const Json& json) {
  if (json.is_null()) return std::nullopt;
  // Not get<T>(), which Clang refuses for a class that a class around it has an optional of.
  T value{};
  json.get_to(value);
  return value;
}

[[noreturn]] void Malformed(const char* what) { throw std::invalid_argument(what); }

Json ToJson(const PathFact& fact) {
  return {{"name", Optional(fact.name)},
          {"inode", Optional(fact.inode)},
          {"capabilities", fact.capabilities},
          {"type", static_cast<int>(fact.name_type)}};
}

PathFact PathOf(const Json& json) {
  PathFact fact;
  fact.name = OptionalOf<std::string>(json.at("name"));
  fact.inode = OptionalOf<PathFact::Inode>(json.at("inode"));
  fact.capabilities = json.at("capabilities").get<PathFact::Capabilities>();
  fact.name_type = static_cast<PathFact::NameType>(json.at("type").get<int>());
  return fact;
}

Json ToJson(const OtherTask& task) {
  return {{"pid", task.pid}, {"auid", task.auid}, {"uid", task.uid},
          {"ses", task.ses}, {"comm", task.comm}, {"contid", Optional(task.contid)}};
}

OtherTask OtherTaskOf(const Json& json) {
  OtherTask task;
  task.pid = json.at("pid").get<int32_t>();
  task.auid = json.at("auid").get<uint32_t>();
  task.uid = json.at("uid").get<uint32_t>();
  task.ses = json.at("ses").get<uint32_t>();
  task.comm = json.at("comm").get<std::string>();
  task.contid = OptionalOf<uint64_t>(json.at("contid"));
  return task;
}

// What a call changed of a clock is known at its exit alone.
Json ToJson(const CallFacts& facts) {
  Json paths = Json::array();
  for (const PathFact& path : facts.paths) paths.push_back(ToJson(path));
  Json objects = Json::array();
  for (const OtherTask& task : facts.objects) objects.push_back(ToJson(task));
  return {{"cwd", Optional(facts.cwd)},       {"paths", std::move(paths)},
          {"sockaddr", facts.sockaddr},       {"objects", std::move(objects)},
          {"contid", Optional(facts.contid)}, {"network", facts.network_contids},
          {"messages", facts.messages},       {"exec", Optional(facts.exec)}};
}

CallFacts FactsOf(const Json& json) {
  CallFacts facts;
  facts.cwd = OptionalOf<std::string>(json.at("cwd"));
  for (const Json& path : json.at("paths")) facts.paths.push_back(PathOf(path));
  facts.sockaddr = json.at("sockaddr").get<std::string>();
  for (const Json& task : json.at("objects")) facts.objects.push_back(OtherTaskOf(task));
  facts.contid = OptionalOf<uint64_t>(json.at("contid"));
  facts.network_contids = json.at("network").get<std::vector<uint64_t>>();
  facts.messages = json.at("messages").get<std::vector<MessageAddress>>();
  facts.exec = OptionalOf<ExecArguments>(json.at("exec"));
  return facts;
}

// Of a call that runs: nothing else is awaited.
Json ToJson(const Verdict& verdict) {
  if (std::holds_alternative<Allow>(verdict)) return "allow";
  if (const auto* rewrite = std::get_if<Rewrite>(&verdict)) return *rewrite->settings;
  return "log";
}

Verdict VerdictOf(const Json& json) {
  if (json == "allow") return Allow();
  if (json == "log") return Log();
  return Rewrite{std::make_shared<const std::vector<Setting>>(json.get<std::vector<Setting>>())};
}

// Its result is not known yet.
Json ToJson(const PendingRecord& record) {
  Json clock;
  if (record.clock) clock = {{"call", record.clock->call()}, {"before", record.clock->before()}};
  return {{"identity", record.identity},
          {"read", record.unread.ok()},
          {"request", record.request},
          {"verdict", ToJson(record.decision.verdict)},
          {"wish", static_cast<int>(record.decision.wish)},
          {"rule", std::string(record.decision.rule)},
          {"facts", record.has_facts ? ToJson(record.facts) : Json()},
          {"offer", record.offer},
          {"clock", std::move(clock)}};
}

PendingRecord RecordOf(const Json& json, const SavedPointers& pointers) {
  PendingRecord record;
  record.identity = json.at("identity").get<Identity>();
  if (!json.at("read").get<bool>()) record.unread = absl::UnavailableError("not read yet");
  record.request = json.at("request").get<SyscallRequest>();
  record.decision.verdict = VerdictOf(json.at("verdict"));
  record.decision.wish = static_cast<RecordWish>(json.at("wish").get<int>());
  record.decision.rule = pointers.name(json.at("rule").get<std::string>());
  record.has_facts = !json.at("facts").is_null();
  if (record.has_facts) record.facts = FactsOf(json.at("facts"));
  record.offer = json.at("offer").get<uint64_t>();
  if (const Json& clock = json.at("clock"); !clock.is_null()) {
    record.clock =
        ClockWatch(clock.at("call").get<ClockCall>(), clock.at("before").get<ClockState>());
  }
  return record;
}

Json ToJson(const TaskState& state) {
  if (const auto* awaiting = std::get_if<AwaitingResult>(&state)) {
    Json json = {{"awaits", "result"}};
    if (awaiting->record) json["record"] = ToJson(*awaiting->record);
    if (awaiting->rewritten) {
      json["asked"] = awaiting->rewritten->asked;
      json["runs"] = awaiting->rewritten->runs;
      json["registers"] = awaiting->rewritten->registers;
    }
    return json;
  }
  if (const auto* returns = std::get_if<ReturnsItself>(&state)) {
    return {{"awaits", "return"},
            {"asked", returns->way_back.asked()},
            {"entry", returns->way_back.entry()}};
  }
  if (const auto* trap = std::get_if<AwaitingTrap>(&state)) {
    return {{"awaits", "trap"}, {"asked", trap->asked}};
  }
  return {{"awaits", std::holds_alternative<Listening>(state) ? "SIGCONT" : "nothing"}};
}

TaskState StateOf(const Json& json, const SavedPointers& pointers) {
  const std::string awaits = json.at("awaits").get<std::string>();
  if (awaits == "nothing") return Running();
  if (awaits == "SIGCONT") return Listening();
  if (awaits == "return") {
    return ReturnsItself{
        {json.at("asked").get<SyscallRequest>(), json.at("entry").get<uint64_t>()}};
  }
  if (awaits == "trap") return AwaitingTrap{json.at("asked").get<int32_t>()};
  if (awaits != "result") Malformed("no such state");
  AwaitingResult awaiting;
  if (json.contains("record")) awaiting.record = RecordOf(json.at("record"), pointers);
  if (json.contains("asked")) {
    awaiting.rewritten = {json.at("asked").get<SyscallRequest>(),
                          json.at("runs").get<SyscallRequest>(),
                          json.at("registers").get<ArgumentRegisters>()};
  }
  return awaiting;
}

Json ToJson(const RepeatedCalls::Call& call, const SavedPointers& pointers) {
  Json counted = Json::array();
  for (const CountedCall::Entry& entry : call.counted.entries()) {
    const std::optional<size_t> policy = pointers.index_of(entry.policy);
    if (policy) counted.push_back({*policy, entry.rule, entry.matched});
  }
  return {{"request", call.request}, {"counted", std::move(counted)}};
}

RepeatedCalls::Call CallOf(const Json& json, const SavedPointers& pointers) {
  RepeatedCalls::Call call;
  call.request = json.at("request").get<SyscallRequest>();
  for (const Json& entry : json.at("counted")) {
    const PolicyState* state = pointers.state_of(entry.at(0).get<size_t>());
    if (state == nullptr) Malformed("no such policy");
    call.counted.Add(state, entry.at(1).get<uint32_t>(), entry.at(2).get<bool>());
  }
  return call;
}

Json ToJson(const SavedTask& task, const SavedPointers& pointers) {
  Json json = {{"tid", task.tid}, {"process", task.process}, {"state", ToJson(task.state)}};
  if (task.repeated.current) json["current"] = ToJson(*task.repeated.current, pointers);
  for (const RepeatedCalls::Call& call : task.repeated.interrupted) {
    json["interrupted"].push_back(ToJson(call, pointers));
  }
  return json;
}

SavedTask TaskOf(const Json& json, const SavedPointers& pointers) {
  SavedTask task;
  task.tid = json.at("tid").get<pid_t>();
  task.process = json.at("process").get<pid_t>();
  task.state = StateOf(json.at("state"), pointers);
  if (json.contains("current")) task.repeated.current = CallOf(json.at("current"), pointers);
  if (json.contains("interrupted")) {
    for (const Json& call : json.at("interrupted")) {
      task.repeated.interrupted.push_back(CallOf(call, pointers));
    }
  }
  return task;
}

Json ToJson(const Containers::Marks& marks) {
  return {{"contid", Optional(marks.contid)}, {"audited", marks.audited}};
}

Containers::Marks MarksOf(const Json& json) {
  return {OptionalOf<uint64_t>(json.at("contid")), json.at("audited").get<bool>()};
}

Json ToJson(const Lineage::Saved& lineage) {
  Json processes = Json::array();
  for (const auto& [pid, process] : lineage.containers.processes) {
    processes.push_back({{"pid", pid},
                         {"marks", ToJson(process.marks)},
                         {"parent", process.parent},
                         {"threads", process.threads},
                         {"children", process.children},
                         {"marked", process.marked}});
  }
  return {{"follows", lineage.follows},
          {"first", ToJson(lineage.first)},
          {"unannounced", lineage.unannounced},
          {"last-ended", ToJson(lineage.last_ended)},
          {"tasks", lineage.containers.tasks},
          {"processes", std::move(processes)},
          {"audited-containers", lineage.containers.audited_containers}};
}

Lineage::Saved LineageOf(const Json& json) {
  using Pairs = std::vector<std::pair<pid_t, pid_t>>;
  Lineage::Saved lineage;
  lineage.follows = json.at("follows").get<bool>();
  lineage.first = MarksOf(json.at("first"));
  lineage.unannounced = json.at("unannounced").get<Pairs>();
  lineage.last_ended = MarksOf(json.at("last-ended"));
  lineage.containers.tasks = json.at("tasks").get<Pairs>();
  for (const Json& process : json.at("processes")) {
    lineage.containers.processes.push_back(
        {process.at("pid").get<pid_t>(),
         {MarksOf(process.at("marks")), process.at("parent").get<pid_t>(),
          process.at("threads").get<int>(), process.at("children").get<int>(),
          process.at("marked").get<bool>()}});
  }
  lineage.containers.audited_containers =
      json.at("audited-containers").get<std::vector<uint64_t>>();
  return lineage;
}

Json ToJson(const TaskEnd& end) {
  if (const auto* exited = std::get_if<Exited>(&end)) return {{"exited", exited->code}};
  const auto& killed = std::get<KilledBy>(end);
  return {{"killed", killed.signal}, {"core", killed.core_dumped}};
}

TaskEnd EndOf(const Json& json) {
  if (json.contains("exited")) return Exited{json.at("exited").get<int>()};
  return KilledBy{json.at("killed").get<int>(), json.at("core").get<bool>()};
}

Json ToJson(const BpfProgram& filter) {
  Json json = Json::array();
  for (const sock_filter& instruction : filter) {
    json.push_back({instruction.code, instruction.jt, instruction.jf, instruction.k});
  }
  return json;
}

BpfProgram FilterOf(const Json& json) {
  BpfProgram filter;
  for (const Json& instruction : json) {
    filter.push_back({instruction.at(0).get<uint16_t>(), instruction.at(1).get<uint8_t>(),
                      instruction.at(2).get<uint8_t>(), instruction.at(3).get<uint32_t>()});
  }
  return filter;
}

// Of what a filter gives by itself.
Json GivenToJson(const Verdict& verdict) {
  if (const auto* deny = std::get_if<Deny>(&verdict)) return {{"deny", deny->error}};
  if (const auto* kill = std::get_if<Kill>(&verdict)) {
    return {{"kill", kill->scope == Kill::Scope::kProcess}};
  }
  return std::holds_alternative<Trap>(verdict) ? "trap" : "return";
}

Verdict GivenOf(const Json& json) {
  if (json == "trap") return Trap();
  if (json == "return") return Return{0};
  if (json.contains("deny")) return Deny{json.at("deny").get<int>()};
  const bool process = json.at("kill").get<bool>();
  return Kill{process ? Kill::Scope::kProcess : Kill::Scope::kThread};
}

Json ToJson(const KernelRefusal& refusal) {
  return {{"rule", refusal.rule},
          {"verdict", GivenToJson(refusal.verdict)},
          {"wish", static_cast<int>(refusal.wish)},
          {"arch", static_cast<uint32_t>(refusal.arch)},
          {"nr", refusal.nr},
          {"condition", refusal.condition},
          {"unless", refusal.unless}};
}

KernelRefusal RefusalOf(const Json& json) {
  return {json.at("rule").get<std::string>(),
          GivenOf(json.at("verdict")),
          static_cast<RecordWish>(json.at("wish").get<int>()),
          static_cast<Arch>(json.at("arch").get<uint32_t>()),
          json.at("nr").get<int32_t>(),
          json.at("condition").get<std::string>(),
          json.at("unless").get<std::vector<std::string>>()};
}

SavedRun RunOf(const Json& json, const SavedPointers& pointers) {
  SavedRun run;
  run.resumed = json.at("resumed").get<uint64_t>();
  run.seed = json.at("seed").get<uint64_t>();
  run.control = json.at("control").get<ControlNumbers>();
  run.gate = json.at("gate").get<uint64_t>();
  run.filter_count = json.at("filter-count").get<int>();
  // Who left it may not have looked.
  run.own_filters = json.value("own-filters", true);
  run.arguments = static_cast<ArgumentMode>(json.at("arguments").get<int>());
  for (const Json& filter : json.at("filters")) run.filters.push_back(FilterOf(filter));
  run.root = json.at("root").get<pid_t>();
  if (json.contains("root-end")) run.root_end = EndOf(json.at("root-end"));
  run.recorder = json.at("recorder").get<Recorder::Saved>();
  run.lineage = LineageOf(json.at("lineage"));
  if (json.contains("hardening")) {
    run.hardening = json.at("hardening").get<Hardening::Saved>();
  }
  run.counters = json.at("counters").get<std::vector<PolicyState::Saved>>();
  for (const Json& task : json.at("tasks")) run.tasks.push_back(TaskOf(task, pointers));
  // Who left it may have known no other policies than the first.
  run.generation = json.value("generation", uint64_t{0});
  // The same of emulators.
  run.emulators = json.value("emulators", std::vector<std::string>());
  if (json.contains("refusals")) {
    for (const Json& refusal : json.at("refusals")) run.refusals.push_back(RefusalOf(refusal));
  }
  return run;
}

}  // namespace

SavedPointers PointersOf(const PolicyStack& stack) {
  return {.index_of = [&stack](const PolicyState* state) -> std::optional<size_t> {
            for (size_t i = 0; i < stack.size(); ++i) {
              if (&stack.StateOf(i) == state) return i;
            }
            return std::nullopt;
          },
          .state_of =
              [&stack](size_t policy) {
                return policy < stack.size() ? &stack.StateOf(policy) : nullptr;
              },
          .name = [](const std::string& /*name*/) { return absl::string_view(); }};
}

bool CanBeSaved(const TaskState& state) {
  if (const auto* awaiting = std::get_if<AwaitingResult>(&state)) return awaiting->aside == nullptr;
  return std::holds_alternative<Running>(state) || std::holds_alternative<AwaitingTrap>(state) ||
         std::holds_alternative<ReturnsItself>(state) || std::holds_alternative<Listening>(state);
}

std::string FormatSavedRun(const SavedRun& run, const SavedPointers& pointers) {
  Json json = {{"version", kVersion},   {"trace-data", kTraceData}, {"resumed", run.resumed},
               {"seed", run.seed},      {"control", run.control},   {"filters", Json::array()},
               {"root", run.root},      {"recorder", run.recorder}, {"counters", run.counters},
               {"tasks", Json::array()}};
  json["gate"] = run.gate;
  json["filter-count"] = run.filter_count;
  json["own-filters"] = run.own_filters;
  json["arguments"] = static_cast<int>(run.arguments);
  json["lineage"] = ToJson(run.lineage);
  if (run.hardening) json["hardening"] = *run.hardening;
  for (const BpfProgram& filter : run.filters) json["filters"].push_back(ToJson(filter));
  if (run.root_end) json["root-end"] = ToJson(*run.root_end);
  for (const SavedTask& task : run.tasks) json["tasks"].push_back(ToJson(task, pointers));
  json["emulators"] = run.emulators;
  json["generation"] = run.generation;
  for (const KernelRefusal& refusal : run.refusals) json["refusals"].push_back(ToJson(refusal));
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

absl::StatusOr<SavedRun> ParseSavedRun(absl::string_view bytes, const SavedPointers& pointers) {
  // nlohmann-json has no other way to say what is wrong with a value.
  try {
    const Json json = Json::from_cbor(bytes.begin(), bytes.end());
    const int version = json.at("version").get<int>();
    if (version != kVersion) {
      return absl::UnimplementedError(absl::StrCat("the run's state is of version ", version,
                                                   ", and this program knows version ", kVersion));
    }
    if (json.at("trace-data").get<int>() != kTraceData) {
      return absl::UnimplementedError("the tasks' filters are of another kind than this program's");
    }
    return RunOf(json, pointers);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("no state of a run: ", error.what()));
  }
}

}  // namespace provost
